/** Answers that are refused again and again: the client is asked less and less often, and in the end no more. */
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool } from '../../src/index.js';
import { adapters } from '../helpers/adapters.js';
import { wholeEngine } from '../helpers/engine.js';
import { send2026 } from '../helpers/raw-requests.js';
import { Session, type Endpoint, type Incoming, type Message } from '../helpers/session-client.js';
import { startStack, type Stack } from '../helpers/stack.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const tools = [
  defineTool({
    name: 'age',
    inputSchema: z.object({ deadline: z.string().optional() }),
    asks: ['elicitation.form'],
    workflow: 'askAge',
  }),
];
const isQuestion = ({ method, id }: Message): boolean => method !== undefined && id !== undefined;
const wrong = { result: { action: 'accept', content: { years: 7 } } };

/** Answers every question wrongly. @returns after this many */
async function bot(session: Session, at: Endpoint, stream: Incoming, times: number): Promise<Message[]> {
  for (let answered = 0; answered < times; answered++) {
    const asked = (): Message[] => stream.messages.filter(isQuestion);
    await stream.next((message) => isQuestion(message) && asked().length > answered);
    await session.reply(at, asked()[answered]?.id, wrong);
  }
  return stream.messages.filter(isQuestion);
}

// The pauses take half a minute, and do not depend on the SDK.
describe.each(adapters.slice(0, 1))('in 2025-11-25, %s SDK', (_sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let at: Endpoint;
  beforeAll(async () => {
    ({ stack, handler: at } = await adapt(tools, { pollInterval: '50 ms' }));
    await stack.startWorker({ workflowsPath });
  });
  afterAll(async () => await stack.close());

  it('a session is asked five times, after longer and longer pauses; then another session is', async () => {
    const session = await Session.begin(at);
    const { taskId } = (await session.request(at, 'tools/call', { name: 'age', task: {} })).result.task;
    const result = await session.open(at, 'tasks/result', { taskId });
    const seen = new Set<string>();
    /** After which questions none was open. */
    const pauses = new Set<string | undefined>();
    const watching = (async () => {
      for await (const { inputs, outcome } of stack.tasks.engine.watch('anonymous', taskId)) {
        if (outcome) break;
        const [key] = Object.keys(inputs);
        if (key === undefined) pauses.add([...seen].at(-1));
        else seen.add(key);
      }
    })();
    await bot(session, at, result, 5);
    await expect.poll(() => seen.size, { timeout: 40_000 }).toBe(6);
    // The workflow asks again, but no stream of this session may carry the question.
    const claim = { key: 'input-6', claimant: 'somebody', ms: 1, session: 'another' };
    await expect.poll(async () => await wholeEngine(stack.tasks).claim('anonymous', taskId, claim)).toBe('granted');
    const later = await Session.begin(at);
    const stream = await later.open(at, 'tasks/result', { taskId });
    const { id, params } = await stream.next(isQuestion);
    expect(params.message).toMatch(/^Age\?\n\nYour last answer was not accepted: .*age/);
    expect(result.messages.filter(isQuestion)).toHaveLength(5);
    await later.reply(at, id, { result: { action: 'accept', content: { age: 7 } } });
    expect((await result.next((message) => message.id === result.requestId)).result.structuredContent).toEqual({
      age: 7,
    });
    await watching;
    expect([...seen]).toEqual([1, 2, 3, 4, 5, 6].map((number) => `input-${number}`));
    expect([...seen].slice(0, 5).filter((key) => !pauses.has(key))).toEqual([]);
  });

  it('the deadline is for the answer that is accepted', async () => {
    const session = await Session.begin(at);
    const params = { name: 'age', arguments: { deadline: '3 seconds' } };
    const call = await session.open(at, 'tools/call', params);
    await bot(session, at, call, 1);
    expect((await call.next(({ id }) => id === call.requestId)).result.structuredContent.unavailable).toMatch(
      /^nobody gave a valid answer in time; the last one was not accepted: /,
    );
    expect(call.messages.filter(isQuestion).length).toBeLessThan(4);
  });
});

it('in 2026-07-28, the question has a new key each time, and is not open during a pause', async () => {
  const stack = await startStack(tools, { pollInterval: '50 ms' });
  await stack.startWorker({ workflowsPath });
  const handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
  const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } };
  const { taskId } = (await send2026(handler, 'tools/call', { name: 'age' }, { capabilities })).result;
  const get = async () => (await send2026(handler, 'tasks/get', { taskId }, { capabilities })).result;
  /** The open questions, one after another; none during a pause. */
  const open: string[][] = [[]];
  const watching = (async () => {
    for await (const { inputs } of stack.tasks.engine.watch('anonymous', taskId))
      if (Object.keys(inputs)[0] !== open.at(-1)?.[0]) open.push(Object.keys(inputs));
  })();
  for (const answer of [{ years: 7 }, { age: 'seven' }, { age: 7 }]) {
    await expect.poll(async () => (await get()).status).toBe('input_required');
    const [key] = Object.keys((await get()).inputRequests);
    const inputResponses = { [key as string]: { action: 'accept', content: answer } };
    await send2026(handler, 'tasks/update', { taskId, inputResponses }, { capabilities });
    expect((await get()).inputRequests?.[key as string]).toBeUndefined();
  }
  await watching;
  expect(open).toEqual([[], ['input-1'], [], ['input-2'], [], ['input-3'], []]);
  expect((await get()).result.structuredContent).toEqual({ age: 7 });
  await stack.close();
});
