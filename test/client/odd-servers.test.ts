/** `callTool` with answers that our servers never give. The client is a fake: `McpClient` is just an interface. */
import { describe, expect, it } from 'vitest';
import { callTool, type McpClient, resume } from '../../src/client/index.js';

const task = {
  taskId: 't',
  status: 'working',
  createdAt: '2026-01-01T00:00:00Z',
  lastUpdatedAt: '2026-01-01T00:00:00Z',
  ttl: null,
  pollInterval: 1,
};
type Answers = Record<string, (params: Record<string, unknown>) => unknown>;

/** Returns a fake client, of 2025-11-25 by default and of 2026-07-28 with `era` "modern". */
function clientOf(
  answers: Answers,
  listTools: McpClient['listTools'] = async () =>
    await Promise.resolve({ tools: [{ name: 'tool', execution: { taskSupport: 'optional' } }] }),
  era = 'legacy',
): McpClient {
  return {
    getServerCapabilities: () => ({ tasks: { requests: { tools: { call: {} } } } }),
    getServerVersion: () => undefined,
    getProtocolEra: () => era,
    listTools,
    async request({ method, params }) {
      return await Promise.resolve(answers[method]?.(params));
    },
  };
}
const failing = (name: string, code: number | string, message: string, data?: unknown) => (): never => {
  throw Object.assign(new Error(message), { name, code, data });
};
/** Returns what each of `answers` returns in turn, then keeps repeating the last one. */
const inTurn =
  (...answers: (() => unknown)[]) =>
  (): unknown =>
    (answers.length > 1 ? answers.shift() : answers[0])?.();

describe('callTool', () => {
  it('finds a tool on a later page, and gives up on endless pages', async () => {
    const answers = {
      'tools/call': ({ task: asked }: Record<string, unknown>) => ({ content: [], structuredContent: { asked } }),
    };
    const pages: McpClient['listTools'] = async ({ cursor } = {}) =>
      await Promise.resolve(
        cursor ? { tools: [{ name: 'tool', execution: { taskSupport: 'required' } }] } : { tools: [], nextCursor: '2' },
      );
    expect((await callTool(clientOf(answers, pages), { name: 'tool' }, { ttl: '5 ms' })).structuredContent).toEqual({
      asked: { ttl: 5 },
    });
    const endless: McpClient['listTools'] = async () => await Promise.resolve({ tools: [], nextCursor: 'more' });
    await expect(callTool(clientOf(answers, endless), { name: 'tool' })).rejects.toThrow('more than 1000 pages');
  });

  it('says which answer is not valid MCP, and does not retry', async () => {
    let asked = 0;
    const answers = { 'tools/call': () => ({ task }), 'tasks/get': () => ({ asked: ++asked }) };
    await expect(callTool(clientOf(answers), { name: 'tool' })).rejects.toMatchObject({
      name: 'UnexpectedAnswerError',
      message: expect.stringContaining('tasks/get'),
    });
    expect(asked).toBe(1);
  });

  it('retries an internal error for a completed task, and takes it as the end of a failed one', async () => {
    const trouble = failing('McpError', -32603, 'MCP error -32603: later', { a: 1 });
    const answers = (status: string): Answers => ({
      'tools/call': () => ({ task }),
      'tasks/get': () => ({ ...task, status }),
      'tasks/result': inTurn(trouble, () => ({ content: [] })),
    });
    expect(await callTool(clientOf(answers('completed')), { name: 'tool' })).toEqual({ content: [] });
    await expect(callTool(clientOf(answers('failed')), { name: 'tool' })).rejects.toMatchObject({
      name: 'JsonRpcError',
      code: -32603,
      message: 'later',
      data: { a: 1 },
    });
  });

  it.each([
    ['a timeout of the v1 SDK', failing('McpError', -32001, 'MCP error -32001: Request timed out', { timeout: 1 })],
    ['a closed connection of the v1 SDK', failing('McpError', -32000, 'MCP error -32000: Connection closed')],
    ['an HTTP error of the v1 SDK', failing('Error', 503, 'Streamable HTTP error: busy')],
    ['an error of the v2 SDK', failing('SdkError', 'SEND_FAILED', 'failed')],
  ])('keeps waiting after %s', async (_what, trouble) => {
    const answers = {
      'tools/call': () => ({ task }),
      'tasks/get': inTurn(trouble, () => ({ ...task, status: 'completed' })),
      'tasks/result': () => ({ content: [] }),
    };
    expect(await callTool(clientOf(answers), { name: 'tool' })).toEqual({ content: [] });
  });

  it.each([
    [
      'a server error whose code the v1 SDK also uses itself',
      failing('McpError', -32001, 'MCP error -32001: not you'),
      { name: 'JsonRpcError', code: -32001, message: 'not you' },
    ],
    ['a refused token', failing('Error', 401, 'no'), { code: 401 }],
    ['a client that is closed', failing('Error', 'none', 'Not connected'), { message: 'Not connected' }],
  ])('stops waiting after %s', async (_what, trouble, error) => {
    let asked = 0;
    const get = (): never => {
      asked++;
      return trouble();
    };
    await expect(
      callTool(clientOf({ 'tools/call': () => ({ task }), 'tasks/get': get }), { name: 'tool' }),
    ).rejects.toMatchObject(error);
    expect(asked).toBe(1);
  });

  it('rejects for a tool that never stops asking, and for a task that ends without a result', async () => {
    const asking = {
      'tools/call': () => ({ resultType: 'input_required', inputRequests: { k: { method: 'elicitation/create' } } }),
    };
    await expect(
      callTool(
        clientOf(asking, undefined, 'modern'),
        { name: 'tool' },
        { onInput: async () => await Promise.resolve({}) },
      ),
    ).rejects.toThrow('asked more than 10 times');
    const ended = { 'tasks/get': () => ({ ...task, ttlMs: null, status: 'cancelled', statusMessage: 'by hand' }) };
    await expect(resume(clientOf(ended, undefined, 'modern'), 't')).rejects.toMatchObject({
      name: 'JsonRpcError',
      code: -32600,
      message: 'by hand',
    });
  });
});
