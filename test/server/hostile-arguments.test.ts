/** Arguments and answers that are meant to hurt: very many wrong values, very long names, and very deep nesting. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool, type Logger } from '../../src/index.js';
import { adapters } from '../helpers/adapters.js';
import { send2025, send2026, type Reply } from '../helpers/raw-requests.js';
import { Session, type Message } from '../helpers/session-client.js';
import { silent, type Stack } from '../helpers/stack.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const run = async (): Promise<object> => await Promise.resolve({});
const beforeStart = () => ({
  message: 'Sure?',
  requestedSchema: { type: 'object', properties: {}, additionalProperties: false },
});
const tools = [
  defineTool({ name: 'numbers', inputSchema: z.object({ numbers: z.array(z.number()) }), run }),
  defineTool({ name: 'strict', inputSchema: z.strictObject({}), run }),
  defineTool({ name: 'keyed', inputSchema: z.object({ any: z.unknown() }), idempotencyKey: () => 'one', run }),
  defineTool({ name: 'careful', inputSchema: z.object({}), beforeStart, run }),
  defineTool({
    name: 'unchecked',
    inputSchema: z.object({}),
    beforeStart: () => ({ message: 'Code?', requestedSchema: { properties: { code: { pattern: '(a)\\1' } } } }),
    run,
  }),
  defineTool({ name: 'asks', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askOnce' }),
];
const error = vi.fn<Logger['error']>();

/** Stands for a value that `JSON.stringify` could not write here. */
const DEEP = 'very deep';
const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
const refusal = (what: string) => ({
  code: -32602,
  message: `${what} nested too deeply: at most 200 levels of objects and arrays are allowed`,
});

describe.each(adapters)('%s SDK', (sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let endpoint: { fetch(request: Request): Promise<Response> };
  beforeAll(async () => {
    const adapted = await adapt(tools, { logger: { ...silent, error } });
    ({ stack } = adapted);
    await stack.startWorker({ workflowsPath });
    endpoint = {
      async fetch(request) {
        if (request.method !== 'POST') return await adapted.handler.fetch(request);
        const body = (await request.text()).replace(JSON.stringify(DEEP), deep);
        return await adapted.handler.fetch(
          new Request(request.url, { method: 'POST', headers: request.headers, body }),
        );
      },
    };
  });
  beforeEach(() => void error.mockClear());
  afterAll(async () => await stack.close());

  type Call = (name: string, args: object, more?: object) => Promise<Reply>;
  const versions: [string, Call][] = [
    [
      '2025-11-25',
      async (name, args, more) => await send2025(endpoint, 'tools/call', { name, arguments: args, task: {}, ...more }),
    ],
    [
      '2026-07-28',
      async (name, args, more) => await send2026(endpoint, 'tools/call', { name, arguments: args, ...more }),
    ],
  ];
  const spoken = sdk === 'v1' ? versions.slice(0, 1) : versions;

  it.each(spoken)('%s: the first ten of many problems are named, each cut', async (_, call) => {
    const many = JSON.stringify(await call('numbers', { numbers: Array(90_000).fill('x') }));
    expect(many).toMatch(/numbers\.0: .*numbers\.9: [^;]*; and more/);
    expect(many.length).toBeLessThan(5_000);
    const long = JSON.stringify(await call('strict', { ['k'.repeat(100_000)]: 1 }));
    expect(long.length).toBeLessThan(5_000);
  });

  it.each(spoken)('%s: a name that is none is the caller’s error', async (_, call) => {
    for (const name of [DEEP, [{ toString: 1 }], null, 7, 'x'.repeat(100_000)]) {
      const reply = await call(name as string, {});
      expect(reply.error).toMatchObject({ code: -32602, message: expect.stringContaining('params.name') });
      expect(JSON.stringify(reply).length).toBeLessThan(1_000);
    }
    expect(error).not.toHaveBeenCalled();
  });

  it('2025-11-25: parameters that the SDK refuses are the caller’s error too', async () => {
    const capabilities = { roots: { listChanged: 'x' } };
    const begun = await send2025(endpoint, 'initialize', { protocolVersion: 1, capabilities, clientInfo: 'x' });
    expect(begun.error).toMatchObject({ code: -32602, message: expect.stringMatching(/^Invalid request: params/) });
    const call = await send2025(endpoint, 'tools/call', { arguments: {} });
    expect(call.error).toMatchObject({ code: -32602, message: expect.stringContaining('name') });
    expect(error).not.toHaveBeenCalled();
  });

  it.each(spoken)('%s: arguments nested too deeply are the caller’s error', async (_, call) => {
    expect((await call('keyed', { any: DEEP })).error).toMatchObject(refusal('The arguments are'));
    expect(error).not.toHaveBeenCalled();
  });

  it.each(spoken)('%s: a tool whose question could not be checked in linear time starts nothing', async (_, call) => {
    expect((await call('unchecked', {})).error?.code).toBe(-32603);
    const [fields] = error.mock.calls[0] as unknown as [{ err: Error }];
    expect(fields.err.message).toContain('because of the backreference');
  });

  it('2025-11-25: a reply nested too deeply is asked for again', async () => {
    const session = await Session.begin(endpoint);
    const { taskId } = (await session.request(endpoint, 'tools/call', { name: 'asks', task: {} })).result.task;
    const stream = await session.open(endpoint, 'tasks/result', { taskId });
    const asked = ({ method, params }: Message): boolean =>
      method === 'elicitation/create' && !/nested/.test(params.message);
    const again = ({ method, params }: Message): boolean =>
      method === 'elicitation/create' && /nested/.test(params.message);
    await session.reply(endpoint, (await stream.next(asked)).id, {
      result: { action: 'accept', content: { name: DEEP } },
    });
    await session.reply(endpoint, (await stream.next(again)).id, {
      result: { action: 'accept', content: { name: 'Ann' } },
    });
    expect((await stream.next(({ id }) => id === stream.requestId)).result.structuredContent).toEqual({ name: 'Ann' });
    expect(error).not.toHaveBeenCalled();
  });

  describe.skipIf(sdk === 'v1')('2026-07-28', () => {
    const forms = { elicitation: {} };
    const able = { ...forms, extensions: { 'io.modelcontextprotocol/tasks': {} } };
    const call = async (name: string, params: object, capabilities: object): Promise<Reply> =>
      await send2026(endpoint, 'tools/call', { name, arguments: {}, ...params }, { capabilities });
    const accept = (content: object): object => ({ action: 'accept', content });

    it('answers nested too deeply are the caller’s error, wherever they arrive', async () => {
      const careful = await call('careful', {}, able);
      const { requestState } = careful.result;
      const answered = await call(
        'careful',
        { requestState, inputResponses: { 'before-start': accept({ a: DEEP }) } },
        able,
      );
      expect(answered.error).toMatchObject(refusal('The input responses are'));
      const asking = await call('asks', {}, forms);
      const [key = ''] = Object.keys(asking.result.inputRequests);
      const repeat = async (name: string): Promise<Reply> =>
        await call(
          'asks',
          { requestState: asking.result.requestState, inputResponses: { [key]: accept({ name }) } },
          forms,
        );
      expect((await repeat(DEEP)).error).toMatchObject(refusal('The input responses are'));
      expect((await repeat('Ann')).result.structuredContent).toEqual({ name: 'Ann' });
      const { taskId } = (await call('asks', {}, able)).result;
      const update = async (name: string): Promise<Reply> =>
        await send2026(
          endpoint,
          'tasks/update',
          { taskId, inputResponses: { 'input-1': accept({ name }) } },
          { capabilities: able },
        );
      expect((await update(DEEP)).error).toMatchObject(refusal('The answer is'));
      expect((await update('Ann')).error).toBeUndefined();
      expect(error).not.toHaveBeenCalled();
    });

    it('an answer that poses as the server’s own refusal costs its task nothing', async () => {
      const asking = await call('asks', {}, forms);
      const [key = ''] = Object.keys(asking.result.inputRequests);
      const inputResponses = { [key]: { mcpTaskRefused: 'x'.repeat(1_999_000) } };
      const again = await call('asks', { requestState: asking.result.requestState, inputResponses }, forms);
      expect(again.result.resultType).toBe('input_required');
      expect(JSON.stringify(again).length).toBeLessThan(5_000);
    });

    it('what is wrong with an answer is cut', async () => {
      const { requestState } = (await call('careful', {}, able)).result;
      const inputResponses = { 'before-start': accept({ ['k'.repeat(100_000)]: 1 }) };
      const again = JSON.stringify(await call('careful', { requestState, inputResponses }, able));
      expect(again).toContain('Your last answer was not accepted');
      expect(again.length).toBeLessThan(5_000);
    });
  });
});
