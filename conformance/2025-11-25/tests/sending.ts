/** Tests of Streamable HTTP: sending messages, and the security of the endpoint. @module */
import { setTimeout as delay } from 'node:timers/promises';
import { networkInterfaces } from 'node:os';
import type { Context, Test } from '../suite/context.js';
import { accept, question, resultOf, startTask, startAsking, startSlow } from '../suite/tasks.js';
import { check, seen, skip, within } from '../suite/verdict.js';
import type { Exchange, Head } from '../wire/exchange.js';
import { relatedTask } from '../wire/message.js';
import { PATIENCE } from '../wire/session.js';

/** Opens the stream of a `tasks/result` that has to wait for its task, and returns it once the answer has arrived. */
async function stream(t: Context): Promise<{ exchange: Exchange; head: Head; id: number }> {
  const session = await t.connect();
  const { exchange, answer, id } = session.send('tasks/result', { taskId: await startSlow(session, 1) });
  await within(
    PATIENCE,
    'the answer to tasks/result',
    answer.catch(() => undefined),
  );
  const head = await exchange.head;
  if (!head.contentType.startsWith('text/event-stream')) skip(`tasks/result is answered with ${head.contentType}`);
  return { exchange, head, id };
}

export const sendingTests: Record<string, Test> = {
  async 'http-utf8'(t) {
    const session = await t.connect();
    const text = 'naïve ☃ 日本語 🎉';
    const { result, error } = await resultOf(session, await startTask(session, 'echo_task', { text }));
    check(JSON.stringify(result ?? error).includes(text), `echo_task of ${text} said ${seen(result ?? error)}`);
  },

  async 'security-2'(t) {
    const session = await t.connect();
    const { exchange } = session.send('tools/list', {}, { origin: 'http://evil.example' });
    const { status } = await within(PATIENCE, 'the answer', exchange.head);
    check(status === 403, `a request with Origin: http://evil.example was answered with HTTP ${status}`);
  },

  async 'security-4'(t) {
    const { hostname, port, pathname, protocol } = t.target.url;
    if (!/^(127\.|localhost$|\[::1\]$)/.test(hostname)) skip('the server is not on this machine');
    // A server on all interfaces also answers at 127.0.0.2; one on 127.0.0.1 alone does not.
    const outside = Object.values(networkInterfaces()).flatMap((all = []) =>
      all.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
    );
    for (const address of ['127.0.0.2', ...outside]) {
      const reached = await fetch(`${protocol}//${address}:${port}${pathname}`, {
        signal: AbortSignal.timeout(2_000),
      }).then(
        ({ status }) => status,
        () => undefined,
      );
      check(reached === undefined, `the server answers at ${address}:${port} as well, with HTTP ${reached}`);
    }
  },

  async 'send-5'(t) {
    const session = await t.connect();
    const { taskId } = await startAsking(session);
    const notified = await session.post({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' });
    check(
      notified.status === 202 && notified.body === '',
      `a notification was answered with HTTP ${notified.status} ${seen(notified.body)}`,
    );
    const answered = await accept(session, await question(session, taskId));
    check(
      answered.status === 202 && answered.body === '',
      `a response was answered with HTTP ${answered.status} ${seen(answered.body)}`,
    );
  },

  async 'send-6'(t) {
    const session = await t.connect();
    for (const body of [{ jsonrpc: '2.0' }, { hello: 'world' }, 'no message']) {
      const { status } = await within(PATIENCE, 'the answer', session.raw('no JSON-RPC message', body).head);
      check(status >= 400, `${seen(body)} was answered with HTTP ${status}`);
    }
  },

  async 'send-8'(t) {
    const session = await t.connect();
    const taskId = await startTask(session, 'echo_task', { text: 'type' });
    for (const [method, params] of [
      ['tools/list', {}],
      ['tasks/get', { taskId }],
      ['tasks/result', { taskId }],
    ] as const) {
      const { contentType } = await within(
        PATIENCE,
        `the answer to ${method}`,
        session.send(method, params).exchange.head,
      );
      check(
        /^(text\/event-stream|application\/json)\b/.test(contentType),
        `${method} was answered with Content-Type: ${seen(contentType)}`,
      );
    }
  },

  async 'send-10'(t) {
    const { exchange } = await stream(t);
    const [first] = exchange.feed.items;
    if (exchange.feed.items.every(({ id }) => id === undefined))
      skip('the server attaches no event IDs, which is optional, so there is nothing to resume');
    check(
      first?.id !== undefined && first.message === undefined,
      `the first event has id ${seen(first?.id)} and data ${seen(first?.message)}`,
    );
  },

  async 'send-13'(t) {
    const { exchange, id } = await stream(t);
    await within(PATIENCE, 'the stream to end', exchange.ended);
    if (exchange.feed.items.some(({ message }) => message?.id === id && message.method === undefined))
      skip('the server keeps the connection until the response');
    check(exchange.retry !== undefined, 'the connection was closed before the response, without a retry field');
  },

  async 'send-15'(t) {
    const { exchange, id } = await stream(t);
    const last = exchange.feed.items.at(-1);
    if (exchange.retry !== undefined && last?.id !== undefined && last.message === undefined)
      skip('the server expects the client to resume the stream');
    check(
      exchange.feed.items.some(({ message }) => message?.id === id && message.method === undefined),
      'the stream of tasks/result ended without its response',
    );
  },

  async 'send-17'(t) {
    const session = await t.connect();
    const ids = [
      await startTask(session, 'confirm_delete', { filename: 'a' }),
      await startTask(session, 'confirm_delete', { filename: 'b' }),
    ];
    const streams = ids.map((taskId) => session.send('tasks/result', { taskId }).exchange);
    for (const taskId of ids) await accept(session, await question(session, taskId));
    await Promise.all(
      streams.map(async ({ ended }) => await within(PATIENCE, 'the stream of tasks/result to end', ended)),
    );
    for (const [n, { feed }] of streams.entries()) {
      const strange = feed.items.find(({ message }) => message && ![undefined, ids[n]].includes(relatedTask(message)));
      check(!strange, `the stream of tasks/result of ${ids[n]} brought ${seen(strange?.message)}`);
    }
  },

  async 'send-19'(t) {
    const { exchange } = await stream(t);
    await Promise.race([
      exchange.ended,
      delay(3_000).then(() => check(false, 'three seconds after the response the stream is still open')),
    ]);
  },
};
