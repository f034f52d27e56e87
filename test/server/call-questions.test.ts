/**
 * Protocol 2026-07-28, clients without the tasks extension: a call that waits for its task is answered with the task's
 * questions, and the client repeats the call with its answers.
 */
import { fileURLToPath } from 'node:url';
import { Client, InMemoryTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer, type McpHttpHandler } from '@modelcontextprotocol/server';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { listen, type Listening } from '../helpers/http.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { send2026, type Reply, type SendOptions } from '../helpers/raw-requests.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const nothing = z.object({});
const once = defineTool({
  name: 'once',
  inputSchema: z.object({ n: z.number().optional() }),
  asks: ['elicitation.form'],
  workflow: 'askOnce',
});
const tools = [
  once,
  defineTool({ name: 'other', inputSchema: nothing, asks: ['elicitation.form'], workflow: 'askOnce' }),
  defineTool({ name: 'twice', inputSchema: nothing, asks: ['elicitation.form'], workflow: 'askTwice' }),
  defineTool({ name: 'in-turn', inputSchema: nothing, asks: ['elicitation.form'], workflow: 'askAcrossRuns' }),
  defineTool({ name: 'half-way', inputSchema: nothing, asks: ['elicitation.form'], workflow: 'askHalfWay' }),
  defineTool({
    name: 'all',
    inputSchema: nothing,
    asks: ['elicitation.form', 'elicitation.url', 'sampling'],
    workflow: 'askAll',
  }),
  defineTool({ name: 'undeclared', inputSchema: nothing, workflow: 'askOnce' }),
  defineTool({
    name: 'always-task',
    inputSchema: nothing,
    asks: ['elicitation.form'],
    taskSupport: 'required',
    workflow: 'askOnce',
  }),
  defineTool({
    name: 'sure-then-ask',
    inputSchema: nothing,
    asks: ['elicitation.form'],
    beforeStart: () => ({ message: 'Sure?', requestedSchema: { type: 'object', properties: {} } }),
    workflow: 'askOnce',
  }),
];
const forms = { elicitation: {} };
const everything = { elicitation: { form: {}, url: {} }, sampling: {} };

const factory = (): McpServer => new McpServer({ name: 'test', version: '1.0.0' });
let stack: Stack;
let other: Stack;
let impatient: Stack;
let handler: McpHttpHandler;
let replica: McpHttpHandler;
let handing: McpHttpHandler;
let server: Listening;
beforeAll(async () => {
  stack = await startStack(tools);
  const { taskQueue } = stack.tasks;
  other = await startStack(tools, { taskQueue });
  impatient = await startStack(tools, { taskQueue, fallback: 'handle', handleAfter: '500 ms' });
  await stack.startWorker({ workflowsPath });
  handler = stack.tasks.handler(factory);
  replica = other.tasks.handler(factory);
  handing = impatient.tasks.handler(factory);
  server = await listen(handler);
});
afterAll(async () => {
  await server.close();
  await Promise.all([stack, other, impatient].map(async (each) => await each.close()));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

interface Calling extends SendOptions {
  readonly at?: McpHttpHandler;
}
const call = async (name: string, params: object = {}, { at = handler, ...options }: Calling = {}): Promise<Reply> =>
  await send2026(at, 'tools/call', { name, arguments: {}, ...params }, { capabilities: forms, ...options });
const accept = (content: Record<string, string | number>) => ({ action: 'accept' as const, content });
const name = { action: 'accept', content: { name: 'Ann' } };

type Questions = Record<string, { method: string; params: { message: string } }>;
/** Returns the call's questions, each with its key. */
function asked({ result, error }: Reply): { key: string; method: string; message: string }[] {
  expect(error).toBeUndefined();
  expect(result).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
  return Object.entries(result.inputRequests as Questions).map(([key, { method, params }]) => ({
    key,
    method,
    message: params.message,
  }));
}
/** Repeats a call with the same answer to all of its questions. */
const repeat = async (tool: string, before: Reply, answer: object, options?: Calling): Promise<Reply> =>
  await call(
    tool,
    {
      requestState: before.result.requestState,
      inputResponses: Object.fromEntries(asked(before).map(({ key }) => [key, answer])),
    },
    options,
  );

describe('the questions of a task', () => {
  it('are answered by repeating the call, at any replica, and the task goes on', async () => {
    const start = vi.spyOn(stack.tasks.engine, 'start');
    const restart = vi.spyOn(other.tasks.engine, 'start');
    const first = await call('once');
    expect(asked(first)).toEqual([{ key: expect.any(String), method: 'elicitation/create', message: 'Name?' }]);
    const last = await repeat('once', first, name, { at: replica });
    expect(last.result).toMatchObject({ resultType: 'complete', structuredContent: { name: 'Ann' } });
    expect([start.mock.calls.length, restart.mock.calls.length]).toEqual([1, 0]);
  });

  it('come one after another, also after the workflow has continued as new', async () => {
    const first = await call('in-turn');
    const second = await repeat('in-turn', first, accept({ text: 'a' }), { at: replica });
    expect(asked(second).map(({ message }) => message)).toEqual(['Second?']);
    // Sent once more, the first answer changes nothing.
    const again = await repeat('in-turn', first, accept({ text: 'changed' }));
    expect(asked(again)).toEqual(asked(second));
    const last = await repeat('in-turn', again, accept({ text: 'b' }));
    expect(last.result.structuredContent).toEqual({ first: 'a', second: 'b' });
  });

  it('come together, are asked again if an answer is missing, and ignore unknown answers', async () => {
    const first = await call('twice');
    const [one, two] = asked(first) as unknown as readonly [{ key: string }, { key: string }];
    const { requestState } = first.result;
    const inputResponses = { [one.key]: accept({ name: 'Ann', size: 1 }), nobody: accept({}) };
    const second = await call('twice', { requestState, inputResponses });
    expect(asked(second).map(({ key }) => key)).toEqual([two.key]);
    const last = await repeat('twice', second, accept({ name: 'Bob', size: 2 }));
    expect(last.result.structuredContent).toEqual({ name: 'Ann', size: 2 });
  });

  it('are asked again with the reason after an invalid answer, and may be URLs and sampling requests', async () => {
    const capabilities = everything;
    const first = await call('all', {}, { capabilities });
    const again = await repeat('all', first, accept({ age: 'old' }), { capabilities });
    expect(asked(again)[0]?.message).toMatch(/^Age\?\n\nYour last answer was not accepted: .*age/);
    expect(asked(again)[0]?.key).not.toBe(asked(first)[0]?.key);
    const url = await repeat('all', again, accept({ age: 7 }), { capabilities });
    expect(Object.values(url.result.inputRequests)).toEqual([
      {
        method: 'elicitation/create',
        params: {
          mode: 'url',
          message: 'Sign in',
          url: 'https://example.com/sign-in',
          elicitationId: expect.any(String),
        },
      },
    ]);
    const sampling = await repeat('all', url, { action: 'accept' }, { capabilities });
    expect(asked(sampling).map(({ method }) => method)).toEqual(['sampling/createMessage']);
    const said = { role: 'assistant', content: { type: 'text', text: 'Ho' }, model: 'm' };
    // Two questions that nobody is asked in time follow, and may still be in an answer.
    let last = await repeat('all', sampling, said, { capabilities });
    while (last.result.resultType === 'input_required')
      last = await call('all', { requestState: last.result.requestState }, { capabilities });
    expect(last.result.structuredContent).toMatchObject({ age: { age: 7 }, said: said.content, late: 'cancel' });
  });

  it('follow the question before the start', async () => {
    const sure = await call('sure-then-ask');
    expect(asked(sure)).toMatchObject([{ key: 'before-start' }]);
    const asking = await repeat('sure-then-ask', sure, accept({}));
    expect(asked(asking)).toMatchObject([{ message: 'Name?' }]);
    // Sending the first answer again finds the same task.
    expect(asked(await repeat('sure-then-ask', sure, accept({})))).toEqual(asked(asking));
    expect((await repeat('sure-then-ask', asking, name)).result.structuredContent).toEqual({ name: 'Ann' });
  });

  it('wait for a day if the workflow does not say how long, and then end without an answer', async () => {
    const start = vi.spyOn(stack.tasks.engine, 'start');
    asked(await call('once'));
    const [{ caller } = {}] = start.mock.calls[0] ?? [];
    expect(caller).toEqual({ cannotAnswer: ['elicitation.url', 'sampling'], answerWithin: 86_400_000 });
    start.mockRestore();
    const { engine } = stack.tasks;
    const { id } = await engine.start({ owner: 'ann', tool: once, args: {}, ttl: null, caller: { answerWithin: 10 } });
    expect((await engine.result('ann', id)).outcome).toMatchObject({
      result: { isError: true, content: [{ text: expect.stringContaining('nobody answered in time') }] },
    });
  });
});

describe('a call that is repeated', () => {
  it('any number of times gets the same result, and the first answer counts', async () => {
    const first = await call('once');
    const answers = [name, name, accept({ name: 'Bob' })];
    const both = await Promise.all([handler, replica].map(async (at) => await repeat('once', first, name, { at })));
    const later = await Promise.all(answers.map(async (answer) => await repeat('once', first, answer)));
    for (const { result } of [...both, ...later]) expect(result.structuredContent).toEqual({ name: 'Ann' });
  });

  it('without answers is asked again', async () => {
    const first = await call('once');
    const again = await call('once', { requestState: first.result.requestState });
    expect(asked(again)).toEqual(asked(first));
  });

  it('keeps its task running if the client hangs up', async () => {
    const first = await call('in-turn');
    const hangUp = new AbortController();
    const { key } = asked(first)[0] as { key: string };
    const respond = vi.spyOn(stack.tasks.engine, 'watch').mockImplementationOnce(() => {
      hangUp.abort();
      throw hangUp.signal.reason;
    });
    await repeat('in-turn', first, accept({ text: 'a' }), { signal: hangUp.signal }).catch(() => undefined);
    expect(respond).toHaveBeenCalled();
    const inputResponses = { [key]: accept({ text: 'a' }) };
    const again = await call('in-turn', { requestState: first.result.requestState, inputResponses });
    expect(asked(again)).toMatchObject([{ message: 'Second?' }]);
  });

  const bob = {
    authInfo: { token: 't', clientId: 'c', scopes: [], extra: { iss: 'https://issuer.example', sub: 'bob' } },
  };
  it.each<[string, string, object, object]>([
    ['other arguments', 'once', { arguments: { n: 2 } }, {}],
    ['another tool', 'other', {}, {}],
    ['another owner', 'once', {}, bob],
    [
      'another idempotency key',
      'once',
      {},
      { meta: { 'io.github.mcp-tasks-temporal/idempotency-key': 'k'.repeat(40) } },
    ],
    ['a forged state', 'once', { requestState: 'v1.e30.AAAA' }, {}],
    [
      'a forged state, for a task',
      'once',
      { requestState: 'v1.e30.AAAA' },
      { capabilities: { ...forms, extensions: { 'io.modelcontextprotocol/tasks': {} } } },
    ],
  ])('with %s is refused, and starts nothing', async (_, tool, params, options) => {
    const first = await call('once');
    const [start, get] = [vi.spyOn(stack.tasks.engine, 'start'), vi.spyOn(stack.tasks.engine, 'get')];
    const { requestState } = first.result;
    const inputResponses = { [asked(first)[0]?.key as string]: name };
    expect((await call(tool, { requestState, inputResponses, ...params }, options)).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('Invalid or expired requestState'),
    });
    expect([start.mock.calls, get.mock.calls]).toEqual([[], []]);
  });

  it('after a day is refused, and starts nothing', async () => {
    const first = await call('once');
    const start = vi.spyOn(stack.tasks.engine, 'start');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 23 * 60 * 60_000 });
    asked(await call('once', { requestState: first.result.requestState }));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 60 * 60_000 });
    expect((await repeat('once', first, name)).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('expired requestState'),
    });
    expect(start).not.toHaveBeenCalled();
  });
});

describe('a client', () => {
  it('is refused before anything starts if it cannot answer what the tool asks', async () => {
    expect((await call('once', {}, { capabilities: {} })).error).toMatchObject({
      code: -32021,
      message:
        "Missing required client capability: elicitation.form. Retrying won't help; use a client that declares it.",
      data: { requiredCapabilities: { elicitation: { form: {} } } },
    });
    expect((await call('all')).error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: { url: {} }, sampling: {} } },
    });
    expect((await call('always-task')).error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
    });
  });

  it('only gets the questions that this request declares, and never those that the tool does not declare', async () => {
    const first = await call('all', {}, { capabilities: everything });
    const form = await call('all', { requestState: first.result.requestState }, { capabilities: forms });
    expect(asked(form)).toEqual(asked(first));
    expect((await call('undeclared', {}, { capabilities: everything })).result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('elicitation.form') }],
    });
  });

  it('of the SDK answers with its own handlers, and gets progress', async () => {
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: 'auto' }, capabilities: everything },
    );
    const messages: string[] = [];
    client.setRequestHandler('elicitation/create', ({ params }) => {
      messages.push(params.message);
      return params.message === 'Quick!' || params.message === 'Quicker!'
        ? { action: 'cancel' }
        : accept({ age: 7, name: 'Ann', size: 3, text: params.message });
    });
    client.setRequestHandler('sampling/createMessage', () => ({
      role: 'assistant',
      content: { type: 'text', text: 'Ho' },
      model: 'm',
    }));
    await client.connect(new StreamableHTTPClientTransport(server.url));
    const result = async (tool: string) => (await client.callTool({ name: tool })).structuredContent;
    expect(await result('once')).toMatchObject({ name: 'Ann' });
    expect(await result('twice')).toEqual({ name: 'Ann', size: 3 });
    expect(await result('in-turn')).toEqual({ first: 'First?', second: 'Second?' });
    expect(await result('all')).toMatchObject({ age: { age: 7 }, visit: 'accept', said: { text: 'Ho' } });
    const progress: unknown[] = [];
    await client.callTool({ name: 'half-way' }, { onprogress: (report) => progress.push(report) });
    expect(progress).toContainEqual({ progress: 1, total: 2, message: 'steps' });
    expect(messages).toContain('Size?');
    await client.close();
  });

  it('of the SDK is asked over one connection too', async () => {
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    const serving = stack.tasks.stdio(factory, { transport: theirs });
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: 'auto' }, capabilities: forms },
    );
    client.setRequestHandler('elicitation/create', ({ params }) => accept({ text: params.message }));
    await client.connect(ours);
    expect((await client.callTool({ name: 'in-turn' })).structuredContent).toEqual({
      first: 'First?',
      second: 'Second?',
    });
    await client.close();
    await serving.close();
  });
});

describe('task_wait', () => {
  const wait = async (taskId: string, params: object = {}): Promise<Reply> =>
    await call('task_wait', { arguments: { taskId }, ...params }, { at: handing });

  it('is answered with the questions too, and repeated with the answers', async () => {
    // Without capabilities, the call could not start. This client forgets them until it waits.
    const { engine } = stack.tasks;
    const { id } = await engine.start({ owner: 'anonymous', tool: once, args: {}, ttl: null });
    for await (const task of engine.watch('anonymous', id)) if (Object.keys(task.inputs).length > 0) break;
    // Without waiting there is no time to ask.
    const now = await wait(id, { arguments: { taskId: id, seconds: 0 } });
    expect(now.result.structuredContent).toMatchObject({ taskId: id, status: 'input_required' });
    const asking = await wait(id);
    const { requestState } = asking.result;
    const inputResponses = { [asked(asking)[0]?.key as string]: name };
    // The state is only for this call.
    for (const given of [{ name: 'once', arguments: {} }, { arguments: { taskId: id, seconds: 3 } }])
      expect((await wait(id, { ...given, requestState, inputResponses })).error).toMatchObject({
        code: -32602,
        message: expect.stringContaining('requestState'),
      });
    let last = await wait(id, { requestState, inputResponses });
    while (last.result.structuredContent?.status) last = await wait(id);
    expect(last.result.structuredContent).toEqual({ name: 'Ann' });
    // A repeat of the repeated call gets the result again.
    expect((await wait(id, { requestState, inputResponses })).result.structuredContent).toEqual({ name: 'Ann' });
  });
});
