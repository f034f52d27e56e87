/** Tests of Streamable HTTP: the GET stream, resumption, sessions and the version header. @module */
import { setTimeout as delay } from 'node:timers/promises';
import type { Context, Test } from '../suite/context.js';
import { accept, finished, question, questions, resultOf, startAsking, startSlow } from '../suite/tasks.js';
import { UNGUESSABLE, variety } from '../suite/variety.js';
import { check, seen, skip, within } from '../suite/verdict.js';
import { isResponse } from '../wire/message.js';
import { PATIENCE, type Session } from '../wire/session.js';

async function withSession(t: Context): Promise<{ session: Session; id: string }> {
  const session = await t.connect();
  const { id } = session;
  if (id === undefined) skip('the server assigns no session ID, which is optional');
  return { session, id };
}

async function statusOf(session: Session, headers: Record<string, string | undefined>): Promise<number> {
  return (await within(PATIENCE, 'the answer', session.send('tools/list', {}, headers).exchange.head)).status;
}

/** Reads two `tasks/result` streams to the end. Returns them and their event IDs. Skips the test if there are no IDs. */
async function twoStreams(session: Session) {
  const streams = [];
  for (const taskId of [await startSlow(session, 1), await startSlow(session, 1)]) {
    const { exchange, id } = session.send('tasks/result', { taskId });
    await within(PATIENCE, 'the stream of tasks/result to end', exchange.ended);
    streams.push({
      id,
      exchange,
      events: exchange.feed.items.flatMap((event) => (event.id === undefined ? [] : [event.id])),
    });
  }
  if (streams.every(({ events }) => events.length === 0)) skip('the server attaches no event IDs, which is optional');
  return streams;
}

export const streamTests: Record<string, Test> = {
  async 'listen-3'(t) {
    const { status, contentType } = await within(PATIENCE, 'the answer to GET', (await t.connect()).get().head);
    check(
      status === 405 || (status === 200 && contentType.startsWith('text/event-stream')),
      `GET was answered with HTTP ${status}, Content-Type: ${seen(contentType)}`,
    );
  },

  async 'listen-6'(t) {
    const session = await t.connect();
    const listening = await session.listen();
    if (!listening) skip('the server offers no stream at GET');
    await session.result('tools/list');
    await resultOf(session, await startSlow(session, 1));
    await delay(300);
    const odd = listening.feed.items.find(({ message }) => message && isResponse(message));
    check(!odd, `the GET stream brought ${seen(odd?.message)}`);
  },

  async 'streams-2'(t) {
    const session = await t.connect();
    const { taskId } = await startAsking(session);
    session.send('tasks/result', { taskId });
    const asked = await question(session, taskId);
    await delay(1_000);
    const times = questions(session, taskId).length;
    await accept(session, asked);
    check(times === 1, `of ${session.exchanges.length} connected streams, ${times} brought the task’s one question`);
    await finished(session, taskId);
    const ids = session.arrived.items.flatMap(({ message }) => (message && isResponse(message) ? [message.id] : []));
    check(new Set(ids).size === ids.length, `a response was sent twice: ${seen(ids)}`);
  },

  async 'resume-2'(t) {
    const session = await t.connect();
    const listening = await session.listen();
    const events = (await twoStreams(session)).flatMap((stream) => stream.events);
    events.push(...(listening?.feed.items.flatMap(({ id }) => id ?? []) ?? []));
    check(
      new Set(events).size === events.length,
      `${events.length} events have ${new Set(events).size} IDs: ${seen(events)}`,
    );
  },

  async 'resume-6'(t) {
    const session = await t.connect();
    const [first, second] = await twoStreams(session);
    const resumed = session.get({ 'last-event-id': first?.events[0] ?? '' });
    const { status } = await within(PATIENCE, 'the answer to GET', resumed.head);
    if (status !== 200) skip(`the server does not resume: HTTP ${status}`);
    await Promise.race([resumed.ended, delay(1_000)]);
    const strange = resumed.feed.items.find(
      ({ message }) => message && isResponse(message) && message.id === second?.id,
    );
    check(!strange, `resuming one stream brought another’s ${seen(strange?.message)}`);
  },

  async 'session-2'(t) {
    await withSession(t);
    const ids = await Promise.all(Array.from({ length: 8 }, async () => (await t.connect()).id ?? ''));
    check(new Set(ids).size === ids.length, `${ids.length} sessions have ${new Set(ids).size} IDs`);
    check(
      variety(ids) >= UNGUESSABLE,
      `8 session IDs vary by no more than ${variety(ids).toFixed(0)} bits: ${ids.slice(0, 3).join(', ')} …`,
    );
  },

  async 'session-3'(t) {
    const { id } = await withSession(t);
    check(/^[\x21-\x7e]+$/.test(id), `the session ID is ${seen(id)}`);
  },

  async 'session-6'(t) {
    const { session } = await withSession(t);
    const status = await statusOf(session, { 'mcp-session-id': undefined });
    if (status === 200) skip('the server does not require the session ID');
    check(status === 400, `a request without it was answered with HTTP ${status}`);
  },

  async 'session-7'(t) {
    const { session } = await withSession(t);
    const ended = await session.end();
    if (ended === 405) skip('the server does not let clients terminate sessions');
    check(ended < 300, `DELETE was answered with HTTP ${ended}`);
    const status = await statusOf(session, {});
    check(status === 404, `after DELETE a request of the session was answered with HTTP ${status}`);
  },

  async 'version-3'(t) {
    const session = await t.connect();
    const status = await statusOf(session, { 'mcp-protocol-version': undefined });
    check(status === 200, `a request without the header was answered with HTTP ${status}`);
  },

  async 'version-4'(t) {
    const session = await t.connect();
    for (const version of ['1999-12-31', 'no version']) {
      const status = await statusOf(session, { 'mcp-protocol-version': version });
      check(status === 400, `MCP-Protocol-Version: ${version} was answered with HTTP ${status}`);
    }
  },
};
