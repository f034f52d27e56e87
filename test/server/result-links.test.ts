/** Results that are too large for a model's context, on both adapters and in both versions. */
import type { AuthInfo } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { adapters, type Adapted } from '../helpers/adapters.js';
import { send2025, send2026, type Reply } from '../helpers/raw-requests.js';

const user = (sub: string): { authInfo: AuthInfo } => ({
  authInfo: { token: sub, clientId: 'test', scopes: [], extra: { iss: 'test', sub } },
});
const ann = user('ann');
const report = defineTool({
  name: 'report',
  title: 'Report',
  inputSchema: z.object({ lines: z.number() }),
  largeResult: { above: 100, preview: 30 },
  run: async ({ lines }) => await Promise.resolve(Array.from({ length: lines }, (_, at) => `line ${at} 😀`).join('\n')),
});
const rows = defineTool({
  name: 'rows',
  inputSchema: z.object({}),
  largeResult: {},
  run: async () => await Promise.resolve({ rows: Array.from({ length: 10_000 }, (_, id) => ({ id })) }),
});
const whole = Array.from({ length: 20 }, (_, at) => `line ${at} 😀`).join('\n');

describe.each(adapters)('on the %s adapter', (sdk, adapt) => {
  let at: Adapted;
  beforeAll(async () => {
    at = await adapt([report, rows]);
    await at.stack.startWorker();
  });
  afterAll(async () => await at.stack.close());

  const send = async (method: string, params: Record<string, unknown>, by = ann): Promise<Reply> =>
    await send2025(at.handler, method, params, by);
  const read = async (uri: string, by = ann): Promise<Reply> => await send('resources/read', { uri }, by);
  const textAt = async (uri: string): Promise<string> => (await read(uri)).result.contents[0].text;
  async function linked(): Promise<string> {
    const { result } = await send('tools/call', { name: 'report', arguments: { lines: 20 } });
    return result.content[1].uri;
  }

  it('a short result is answered whole', async () => {
    const { result } = await send('tools/call', { name: 'report', arguments: { lines: 1 } });
    expect(result.content).toEqual([{ type: 'text', text: 'line 0 😀' }]);
  });

  it('a long result is answered with a preview and a link, to the call and for a task', async () => {
    const call = { name: 'report', arguments: { lines: 20 } };
    const { taskId } = (await send('tools/call', { ...call, task: {} })).result.task;
    const { result } = await send('tasks/result', { taskId });
    const uri = `mcp-task://${taskId}/result`;
    expect(result.content).toEqual([
      {
        type: 'text',
        text: `${whole.slice(0, 30)}…\n\nThese are the first 30 of ${whole.length} characters of the result. The tool has finished; do not call it again. Read resource ${uri}?offset=30&length=20000 for the next part, or ${uri} for the whole result.`,
      },
      {
        type: 'resource_link',
        uri,
        name: 'report-result',
        title: 'Result of Report',
        mimeType: 'text/plain',
        size: Buffer.byteLength(whole),
      },
    ]);
    expect(result).not.toHaveProperty('structuredContent');
  });

  it('the owner reads the result, whole and in ranges that add up to it', async () => {
    const uri = await linked();
    expect((await read(uri)).result.contents).toEqual([{ uri, mimeType: 'text/plain', text: whole }]);
    for (const length of [1, 7, 1_000]) {
      const parts = [];
      for (let offset = 0; offset < whole.length; offset += length)
        parts.push(await textAt(`${uri}?offset=${offset}&length=${length}`));
      expect(parts.join('')).toBe(whole);
      expect(parts.every((part) => !/[\uD800-\uDBFF]$|^[\uDC00-\uDFFF]/.test(part))).toBe(true);
    }
    expect(await textAt(`${uri}?offset=100000&length=10`)).toBe('');
  });

  it('each parameter of a range may be left out, and their order does not matter', async () => {
    const uri = await linked();
    expect(await textAt(`${uri}?offset=30`)).toBe(whole.slice(30));
    expect(await textAt(`${uri}?length=30`)).toBe(whole.slice(0, 30));
    expect(await textAt(`${uri}?length=30&offset=10`)).toBe(whole.slice(10, 40));
  });

  it.each(['offset=1&offset=2', 'page=2', 'offset=0&length=5&page=2'])('%s is another resource', async (query) => {
    expect((await read(`${await linked()}?${query}`)).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('not found'),
    });
  });

  it('nobody else can tell that there is a result', async () => {
    const uri = await linked();
    const unknown = uri.replace(/.{8}\/result$/, '00000000/result');
    const answers = [await read(uri, user('bob')), await read(unknown), await read(unknown, user('bob'))];
    for (const { error } of answers)
      expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('not found') });
    expect((await read(`${uri}?offset=0&length=5`, user('bob'))).error?.code).toBe(-32602);
  });

  it.each(['offset=-1&length=1', 'offset=x&length=1', 'offset=0&length=1e3', 'offset=', 'length=x'])(
    '%s is not a range',
    async (query) => {
      expect((await read(`${await linked()}?${query}`)).error).toMatchObject({
        code: -32602,
        message: expect.stringContaining('whole number'),
      });
    },
  );

  it('the templates are listed next to the resources of the server’s author', async () => {
    const { resourceTemplates } = (await send('resources/templates/list', {})).result;
    expect(resourceTemplates.map(({ uriTemplate }: { uriTemplate: string }) => uriTemplate)).toEqual([
      'mcp-task://{taskId}/result',
      'mcp-task://{taskId}/result{?offset,length}',
    ]);
    expect((await read('note://1')).result.contents[0].text).toBe('a note');
  });

  it.runIf(sdk === 'v2')('2026-07-28: a task shows the link, and the owner reads the JSON', async () => {
    const { taskId } = (await send2026(at.handler, 'tools/call', { name: 'rows', arguments: {} }, ann)).result;
    await expect
      .poll(async () => (await send2026(at.handler, 'tasks/get', { taskId }, ann)).result.status)
      .toBe('completed');
    const { result } = (await send2026(at.handler, 'tasks/get', { taskId }, ann)).result;
    const { uri, mimeType } = result.content[1];
    expect([mimeType, result.structuredContent]).toEqual(['application/json', undefined]);
    const contents = await send2026(at.handler, 'resources/read', { uri }, { ...ann, headers: { 'mcp-name': uri } });
    expect(JSON.parse(contents.result.contents[0].text).rows).toHaveLength(10_000);
  });
});

it('a tool cannot promise structured content and link it', () => {
  const both = { name: 'both', inputSchema: z.object({}), outputSchema: z.object({}), largeResult: {} };
  expect(() => defineTool({ ...both, run: async () => await Promise.resolve({}) })).toThrow(
    '`largeResult` and `outputSchema` exclude each other',
  );
});
