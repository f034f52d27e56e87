/** Calls from clients without task support, on the wire: slow calls return a handle, and companion tools continue. */
import { fileURLToPath } from 'node:url';
import { McpServer, type McpHttpHandler } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, DurableTasks, TaskError } from '../../src/index.js';
import { key, startStack, type Stack } from '../helpers/stack.js';
import { listen, type Listening } from '../helpers/http.js';
import { forbidden, gatedTools, patient, reached, release, required } from '../helpers/gated.js';
import { send2025, send2026, type Reply, type SendOptions } from '../helpers/raw-requests.js';
import { Session, type Incoming, type Message } from '../helpers/session-client.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const asking = [
  defineTool({ name: 'asks', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askOnce' }),
  defineTool({ name: 'asks-later', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askLater' }),
];
const quota = defineTool({
  name: 'quota',
  inputSchema: z.object({ gate: z.string() }),
  async run({ gate }, { signal }) {
    await reached(gate, signal);
    throw new TaskError(-32050, 'quota exceeded');
  },
});
const halfWay = defineTool({ name: 'half-way', inputSchema: z.object({}), workflow: 'halfWay' });
const tools = [...gatedTools, patient, required, forbidden, ...asking, halfWay, quota];
const bob = {
  authInfo: { token: 't', clientId: 'c', scopes: [], extra: { iss: 'https://issuer.example', sub: 'bob' } },
};
const PLAIN = { capabilities: {} };

let stack: Stack;
let handler: McpHttpHandler;
let server: Listening;
const factory = (): McpServer =>
  new McpServer(
    { name: 'test', version: '1.0.0' },
    { cacheHints: { 'tools/list': { ttlMs: 60_000, cacheScope: 'public' } } },
  );

beforeAll(async () => {
  stack = await startStack(tools, { fallback: 'handle', handleAfter: '600 ms', pollInterval: '50 ms' });
  await stack.startWorker({ workflowsPath });
  handler = stack.tasks.handler(factory);
  server = await listen(handler);
});
afterAll(async () => {
  await server.close();
  await stack.close();
});

/** Repeats a call until it no longer returns a handle: a busy machine may need longer than the budget. */
async function settled(call: () => Promise<Pick<Reply, 'result'>>) {
  for (;;) {
    const { result } = await call();
    if (!['working', 'input_required'].includes(result.structuredContent?.status)) return result;
  }
}

const eras = [
  [
    '2025-11-25',
    async (method: string, params: Record<string, unknown>, options: SendOptions = {}) =>
      await send2025(handler, method, params, options),
  ],
  [
    '2026-07-28',
    async (method: string, params: Record<string, unknown>, options: SendOptions = {}) =>
      await send2026(handler, method, params, { ...PLAIN, ...options }),
  ],
] as const;

describe.each(eras)('%s', (era, send) => {
  const call = async (name: string, args: object, options?: SendOptions): Promise<Reply> =>
    await send('tools/call', { name, arguments: args }, options);
  const text = ({ result }: Reply): string => result.content[0].text as string;
  /** Calls `object`, which returns a handle. @returns the task's ID */
  const handOut = async (gate: string, options?: SendOptions): Promise<string> =>
    (await call('object', { gate }, options)).result.structuredContent.taskId as string;

  it('returns a fast result directly, or else a handle that says what is running and how to continue', async () => {
    const gate = `${era} late`;
    const handle = await call('object', { gate });
    const { taskId } = handle.result.structuredContent;
    expect(handle.result.isError).toBeUndefined();
    expect(handle.result.structuredContent).toMatchObject({ tool: 'object', status: 'working' });
    // The step's details appear once a worker picks it up. On a busy machine that may take longer than the budget.
    expect(text(handle).replace(/ \(object: [^)]*\)/, '')).toBe(
      `object is still running; do not start it again. To get the result, call task_wait with {"taskId":"${taskId}"}; to stop it, call task_cancel.`,
    );
    await expect
      .poll(async () => text(await call('task_wait', { taskId, seconds: 0 })))
      .toBe(
        `object is still running (object: running); do not start it again. To get the result, call task_wait with {"taskId":"${taskId}"}; to stop it, call task_cancel.`,
      );
    // The work outlasts this wait's budget too.
    const again = await call('task_wait', { taskId });
    expect(again.result.structuredContent).toMatchObject({ taskId, status: 'working' });
    const last = settled(async () => await call('task_wait', { taskId }));
    release(gate);
    expect(await last).toMatchObject({
      structuredContent: { name: 'a', size: 1 },
      content: [{ type: 'text', text: '{"name":"a","size":1}' }],
    });
    expect((await settled(async () => await call('object', { gate }))).structuredContent).toEqual({
      name: 'a',
      size: 1,
    });
  });

  it('a wait of 0 seconds returns the current state, and no wait exceeds the budget', async () => {
    const gate = `${era} seconds`;
    const taskId = await handOut(gate);
    expect((await call('task_wait', { taskId, seconds: 0 })).result.structuredContent).toMatchObject({
      taskId,
      status: 'working',
    });
    expect((await call('task_wait', { taskId, seconds: 10_000 })).result.structuredContent).toMatchObject({
      taskId,
      status: 'working',
    });
    release(gate);
    await stack.tasks.engine.result('anonymous', taskId);
    expect((await call('task_wait', { taskId, seconds: 0 })).result.structuredContent).toEqual({ name: 'a', size: 1 });
  });

  it('sends progress with the token of each call', async () => {
    const first = await call('half-way', {}, { meta: { progressToken: 'first' } });
    const { taskId } = first.result.structuredContent;
    const second = await call('task_wait', { taskId }, { meta: { progressToken: 7 } });
    const told = [first, second].map(({ notifications }) =>
      notifications.map(({ method, params }) => [method, params]),
    );
    const progress = { progress: 2, total: 4, message: 'steps' };
    expect(told).toEqual(
      ['first', 7].map((progressToken) => [['notifications/progress', { progressToken, ...progress }]]),
    );
    // The token is only valid during its call, so it must not be kept for later progress.
    expect((await stack.tasks.engine.get('anonymous', taskId)).caller?.progressToken).toBeUndefined();
    expect(text(second)).toContain('half-way is still running (2 of 4 steps (50%))');
    await call('task_cancel', { taskId });
  });

  it('answers a failed task as the awaited call would have', async () => {
    const gate = `${era} fails`;
    const { taskId } = (await call('object', { gate, fail: true })).result.structuredContent;
    release(gate);
    await stack.tasks.engine.result('anonymous', taskId);
    expect((await call('task_wait', { taskId })).result).toMatchObject({
      isError: true,
      content: [{ text: 'it went wrong' }],
    });
    const cancelled = await call('task_cancel', { taskId });
    expect(cancelled.result).toMatchObject({ structuredContent: { taskId, status: 'failed' } });
    expect(text(cancelled)).toBe(
      `object had already ended (failed), so nothing was cancelled. Call task_wait with {"taskId":"${taskId}"} for its result.`,
    );
  });

  it('describes the JSON-RPC error that a task ended with', async () => {
    const gate = `${era} quota`;
    const { taskId } = (await call('quota', { gate })).result.structuredContent;
    release(gate);
    await stack.tasks.engine.result('anonymous', taskId);
    expect((await call('task_wait', { taskId })).result).toMatchObject({
      isError: true,
      content: [{ text: 'quota failed: quota exceeded' }],
    });
  });

  it('cancels, and says so if there is nothing to cancel', async () => {
    const taskId = await handOut(`${era} cancelled`);
    const cancelled = await call('task_cancel', { taskId });
    expect(cancelled.result).toMatchObject({
      structuredContent: { taskId, status: 'cancelled' },
      content: [{ text: 'object was cancelled; there is no result to wait for.' }],
    });
    const again = await call('task_cancel', { taskId });
    expect(again.result.isError).toBeUndefined();
    expect(text(again)).toBe('object was already cancelled; there is no result to wait for.');
    expect((await call('task_wait', { taskId })).result).toMatchObject({
      isError: true,
      content: [
        {
          text: 'object was cancelled, so there is no result to wait for. Call object again only if the user still wants it.',
        },
      ],
    });
  });

  it('lists tasks only for known owners', async () => {
    const gate = `${era} listed`;
    const taskId = await handOut(gate, bob);
    const list = await call('task_list', {}, bob);
    expect(list.result.structuredContent.tasks).toContainEqual(
      expect.objectContaining({ taskId, tool: 'object', status: 'working' }),
    );
    expect(text(list)).toContain(`${taskId} object: working (`);
    expect((await call('task_list', { cursor: 'x' }, bob)).result).toMatchObject({
      isError: true,
      content: [{ text: 'Invalid cursor. Call task_list without a cursor to start from the first page.' }],
    });
    expect((await call('task_list', {})).error).toMatchObject({ code: -32602 });
    release(gate);
  });

  it('lists a failed task as failed', async () => {
    const gate = `${era} listed as failed`;
    const { taskId } = (await call('object', { gate, fail: true }, bob)).result.structuredContent;
    release(gate);
    await settled(async () => await call('task_wait', { taskId }, bob));
    const list = await call('task_list', {}, bob);
    expect(text(list)).toContain(`${taskId} object: failed (it went wrong)`);
    expect(list.result.structuredContent.tasks).toContainEqual(
      expect.objectContaining({ taskId, status: 'failed', statusMessage: 'it went wrong' }),
    );
  });

  it('gives the same answer for every task that is not the caller’s', async () => {
    const foreign = await handOut(`${era} foreign`, bob);
    const answers = [];
    for (const taskId of [foreign, foreign.replace(/.$/, '_'), 'nonsense']) {
      for (const tool of ['task_wait', 'task_cancel']) answers.push((await call(tool, { taskId })).result);
    }
    expect(answers[0]).toMatchObject({
      isError: true,
      content: [{ text: 'No such task, or it has expired. Pass the taskId exactly as you received it.' }],
    });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await call('task_wait', { seconds: -1 })).result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/taskId.*seconds/) }],
    });
    release(`${era} foreign`);
  });

  it('does not affect tools without the fallback', async () => {
    for (const name of ['patient', 'forbidden']) {
      const gate = `${era} ${name}`;
      const waiting = call(name, { gate });
      // Another call that began later has used up its budget, so this one is past its own.
      await handOut(gate.concat(' other'));
      release(gate);
      release(gate.concat(' other'));
      expect((await waiting).result.structuredContent).toEqual({ name: 'a', size: 1 });
    }
    expect((await call('required', { gate: 'x' })).error).toMatchObject(
      era === '2025-11-25'
        ? {
            code: -32601,
            message:
              'Tool required runs only as a task, and this call has no "task" parameter. Use a client that supports MCP tasks.',
          }
        : {
            code: -32021,
            message:
              "Missing required client capability: extensions.io.modelcontextprotocol/tasks. Retrying won't help; use a client that declares it.",
          },
    );
  });

  it('keeps the task running when the client hangs up after the handle or during a wait', async () => {
    const { taskId } = (await call('half-way', {})).result.structuredContent;
    const headers: Record<string, string> =
      era === '2025-11-25' ? {} : { 'mcp-method': 'tools/call', 'mcp-name': 'task_wait' };
    const _meta = {
      progressToken: 1,
      'io.modelcontextprotocol/protocolVersion': era,
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
    };
    const hangUp = new AbortController();
    const response = await fetch(server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': era,
        ...headers,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'task_wait', arguments: { taskId }, _meta },
      }),
      signal: hangUp.signal,
    });
    // Progress has arrived, so the server is now waiting.
    await response.body?.getReader().read();
    hangUp.abort();
    expect((await call('task_wait', { taskId })).result.structuredContent).toMatchObject({ taskId, status: 'working' });
    await call('task_cancel', { taskId });
  });
});

it('`notifications/cancelled` of 2025-11-25 ends a wait, but not its task', async () => {
  const session = await Session.begin(handler);
  const { taskId } = (await session.request(handler, 'tools/call', { name: 'half-way' })).result.structuredContent;
  const wait = await session.open(handler, 'tools/call', { name: 'task_wait', arguments: { taskId } });
  await session.notify(handler, 'notifications/cancelled', { requestId: wait.requestId });
  await wait.ended;
  expect(wait.messages.filter(({ result }) => result !== undefined)).toEqual([]);
  expect(
    (await session.request(handler, 'tools/call', { name: 'task_cancel', arguments: { taskId } })).result.content[0]
      .text,
  ).toBe('half-way was cancelled; there is no result to wait for.');
});

describe('tools/list', () => {
  const names = async (list: Promise<Reply>): Promise<string[]> =>
    (await list).result.tools
      .map(({ name }: { name: string }) => name)
      .filter((name: string) => name.startsWith('task_'));

  it('lists the companions, except for requests that declare tasks', async () => {
    expect(await names(send2025(handler, 'tools/list', {}))).toEqual(['task_wait', 'task_cancel']);
    expect(await names(send2025(handler, 'tools/list', {}, bob))).toEqual(['task_wait', 'task_cancel', 'task_list']);
    expect(await names(send2026(handler, 'tools/list', {}, { ...PLAIN, ...bob }))).toEqual([
      'task_wait',
      'task_cancel',
      'task_list',
    ]);
    expect(await names(send2026(handler, 'tools/list', {}, bob))).toEqual([]);
  });

  interface ListedCompanion {
    name: string;
    description: string;
    inputSchema: { properties: Record<string, { description: string }> };
  }
  it('describes the companions to a model', async () => {
    const { tools: listed } = (await send2025(handler, 'tools/list', {}, bob)).result;
    const told = listed
      .filter(({ name }: { name: string }) => name.startsWith('task_'))
      .map(({ name, description, inputSchema }: ListedCompanion) => [
        name,
        description,
        Object.values(inputSchema.properties).map((property) => property.description),
      ]);
    const taskId = 'The taskId from the answer to the original call';
    expect(told).toEqual([
      [
        'task_wait',
        'Waits for a running task and returns its result. If the task is still running when the wait ends, the answer says so: call this tool again.',
        [
          taskId,
          'How many seconds to wait, at most 0.6, which is the default. 0 returns the current state without waiting',
        ],
      ],
      ['task_cancel', 'Stops a running task. A cancelled task has no result.', [taskId]],
      [
        'task_list',
        'Lists your tasks: running ones, and finished ones that have not expired.',
        ['The nextCursor of the previous page'],
      ],
    ]);
  });

  it('depends on the caller, and must not be cached for others', async () => {
    for (const options of [PLAIN, {}])
      expect((await send2026(handler, 'tools/list', {}, options)).result).toMatchObject({
        cacheScope: 'private',
        ttlMs: 60_000,
      });
    expect((await send2025(handler, 'tools/list', {})).result).not.toHaveProperty('cacheScope');
  });
});

describe('the questions of a task', () => {
  const isQuestion = ({ method, id }: Message): boolean => method === 'elicitation/create' && id !== undefined;
  const answer = async (incoming: Incoming & { requestId: number }) =>
    (await incoming.next(({ id, method }) => id === incoming.requestId && method === undefined)).result;
  const accept = { result: { action: 'accept', content: { name: 'Ann' } } };

  it('are asked on the stream of the waiting call', async () => {
    const session = await Session.begin(handler);
    const { taskId } = (await session.request(handler, 'tools/call', { name: 'asks-later' })).result.structuredContent;
    for (;;) {
      const wait = await session.open(handler, 'tools/call', { name: 'task_wait', arguments: { taskId } });
      const asked = await Promise.race([wait.next(isQuestion), answer(wait)]);
      if (asked.method === undefined) continue;
      expect(asked.params).toMatchObject({ message: 'Name?' });
      expect(asked.params._meta).toBeUndefined();
      await session.reply(handler, asked.id, accept);
      await answer(wait);
      // This client does not know about tasks, so it gets only the question and the answer.
      expect(wait.messages).toHaveLength(2);
      expect(
        (
          await settled(
            async () => await session.request(handler, 'tools/call', { name: 'task_wait', arguments: { taskId } }),
          )
        ).structuredContent,
      ).toEqual({ name: 'Ann' });
      return;
    }
  });

  it('are not asked again while the first call’s question may still be answered', async () => {
    const session = await Session.begin(handler);
    const call = await session.open(handler, 'tools/call', { name: 'asks' });
    const { id } = await call.next(isQuestion);
    const handle = await answer(call);
    const { taskId } = handle.structuredContent;
    expect(handle).toMatchObject({
      structuredContent: { status: 'input_required', statusMessage: 'waiting for the user to answer "Name?"' },
      content: [
        {
          text: `asks is waiting for the user to answer "Name?"; do not start it again. The user can answer while you wait for the result: call task_wait with {"taskId":"${taskId}"}; to stop it, call task_cancel.`,
        },
      ],
    });
    const wait = await session.open(handler, 'tools/call', { name: 'task_wait', arguments: { taskId } });
    expect((await answer(wait)).structuredContent).toMatchObject({ taskId, status: 'input_required' });
    expect(await session.reply(handler, id, accept)).toBe(202);
    expect(
      (
        await settled(
          async () => await session.request(handler, 'tools/call', { name: 'task_wait', arguments: { taskId } }),
        )
      ).structuredContent,
    ).toEqual({ name: 'Ann' });
    expect(wait.messages.filter(isQuestion)).toEqual([]);
  });
});

describe('names', () => {
  const named = (name: string) =>
    defineTool({ name, inputSchema: z.object({}), run: async () => await Promise.resolve({}) });

  it('of companions are refused for tools', async () => {
    const connect = async (options: object) =>
      await DurableTasks.connect({ tools: [named('task_wait')], key, ...options });
    await expect(connect({ fallback: 'handle' })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message:
        "fallback: 'handle' adds a tool named \"task_wait\", but the server already has one. Rename yours, or set fallback: 'await'.",
    });
    await expect(connect({ fallback: 'handle', handleAfter: 0 })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: "`handleAfter` must be greater than 0, such as '30 seconds'",
    });
    const own = await startStack([named('task_wait')]);
    expect((await send2025(own.tasks.handler(factory), 'tools/list', {})).result.tools).toHaveLength(1);
    await own.close();
  });

  it('of companions are refused for the author’s own tools', async () => {
    const errors: unknown[] = [];
    const colliding = (): McpServer => {
      const mcp = factory();
      mcp.registerTool('task_cancel', { inputSchema: z.object({}) }, () => ({ content: [] }));
      return mcp;
    };
    await send2025(stack.tasks.handler(colliding, { onerror: (error) => errors.push(error) }), 'tools/list', {});
    expect(errors).toContainEqual(
      expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining('"task_cancel"') }),
    );
  });

  it('a tool that never becomes a task cannot have a fallback', () => {
    expect(() =>
      defineTool({
        name: 'x',
        inputSchema: z.object({}),
        taskSupport: 'forbidden',
        fallback: 'handle',
        run: async () => await Promise.resolve(),
      }),
    ).toThrow('forbidden');
  });
});
