/** Large arguments, results and answers with external storage: the directory driver, in both versions. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/server';
import { ExternalStorage, StorageDriverClaim, type Payload, type PayloadCodec } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { step, type StepContext } from '../../src/activity/index.js';
import { defineTool } from '../../src/index.js';
import { DurableTasks as V1DurableTasks, type FetchHandler } from '../../src/sdk/index.js';
import { DirectoryDriver } from '../../src/temporal/index.js';
import { v1Server } from '../helpers/adapters.js';
import { send2025, send2026 } from '../helpers/raw-requests.js';
import { Session } from '../helpers/session-client.js';
import { startStack, startStackOf, type Stack } from '../helpers/stack.js';

const MB = 1_000_000;
const echo = defineTool({
  name: 'echo',
  inputSchema: z.object({ text: z.string(), times: z.number().default(1) }),
  async run({ text, times }, ctx) {
    for (const done of [1, 2, 3]) ctx.progress(done);
    return await Promise.resolve({ text: text.repeat(times) });
  },
});
const asking = defineTool({
  name: 'asking',
  inputSchema: z.object({}),
  asks: ['elicitation.form'],
  workflow: 'askOnce',
});
const flow = defineTool({
  name: 'flow',
  inputSchema: z.object({ way: z.string(), size: z.number() }),
  workflow: 'sized',
});
/** Changes payloads, so that what is stored is not readable without it. */
const codec: PayloadCodec = {
  encode: async (payloads) =>
    await Promise.resolve(
      payloads.map((payload) => ({
        ...payload,
        data: Buffer.concat([Buffer.from('!'), payload.data ?? new Uint8Array()]),
      })),
    ),
  decode: async (payloads) =>
    await Promise.resolve(payloads.map((payload) => ({ ...payload, data: (payload.data ?? Buffer.of()).subarray(1) }))),
};

let dir: string;
let stack: Stack;
let v1: Stack<V1DurableTasks>;
let handlers: Record<'v2' | 'v1', FetchHandler>;
beforeAll(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'mcp-tasks-storage-')), 'payloads');
  // Two converters, as in two processes.
  const dataConverter = () => ({
    payloadCodecs: [codec],
    externalStorage: new ExternalStorage({ drivers: [new DirectoryDriver({ dir })] }),
  });
  const limits = { requestBytes: 60 * MB };
  stack = await startStack([echo, asking, flow], { dataConverter: dataConverter(), pollInterval: '50 ms', limits });
  v1 = await startStackOf(V1DurableTasks, [echo], { dataConverter: dataConverter(), limits });
  handlers = {
    v2: stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' })),
    v1: v1.tasks.handler(v1Server),
  };
  const workflowsPath = fileURLToPath(new URL('../fixtures/sized-workflows.ts', import.meta.url));
  const activities = { take: step(async (text: string) => await Promise.resolve(text.length)) };
  for (const one of [stack, v1]) await one.startWorker({ workflowsPath, activities, dataConverter: dataConverter() });
});
afterAll(async () => {
  await Promise.all([stack.close(), v1.close()]);
  await rm(join(dir, '..'), { recursive: true });
});

const textOf = (size: number): string => randomBytes(size / 2).toString('hex');
async function files(): Promise<string[]> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  return names.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

describe('arguments and results', () => {
  it.each([5, 20])('2026-07-28: of %d MB arrive', async (size) => {
    const text = textOf(size * MB);
    const { taskId } = (await send2026(handlers.v2, 'tools/call', { name: 'echo', arguments: { text } })).result;
    await stack.tasks.engine.result('anonymous', taskId);
    const { result } = (await send2026(handlers.v2, 'tasks/get', { taskId })).result;
    expect(result.structuredContent.text === text).toBe(true);
  });

  it.each(['v2', 'v1'] as const)('2025-11-25, %s: of 5 MB arrive', async (sdk) => {
    const text = textOf(5 * MB);
    const call = { name: 'echo', arguments: { text } };
    const { taskId } = (await send2025(handlers[sdk], 'tools/call', { ...call, task: {} })).result.task;
    const { result } = await send2025(handlers[sdk], 'tasks/result', { taskId });
    expect(result.structuredContent.text === text).toBe(true);
    expect((await send2025(handlers[sdk], 'tools/call', call)).result.structuredContent.text === text).toBe(true);
  });

  it('of 5 MB come after all reports of progress', async () => {
    const call = { name: 'echo', arguments: { text: textOf(5 * MB) } };
    const { notifications } = await send2025(handlers.v2, 'tools/call', call, { meta: { progressToken: 't' } });
    expect(notifications.map(({ params }) => params.progress)).toEqual([1, 2, 3]);
  });

  it('of 5 MB use up no attempt when a worker shuts down', async () => {
    let arrived = (): void => {};
    const part = new Promise<void>((resolve) => (arrived = resolve));
    const deployed = defineTool({
      name: 'deployed',
      inputSchema: z.object({ text: z.string() }),
      retry: { maximumAttempts: 1 },
      async run({ text }, ctx: StepContext<boolean>) {
        if (ctx.lastCheckpoint) return { text };
        ctx.checkpoint(true);
        arrived();
        return await new Promise((_, reject) =>
          ctx.signal.addEventListener('abort', () => reject(new Error('stopped'))),
        );
      },
    });
    const dataConverter = { externalStorage: new ExternalStorage({ drivers: [new DirectoryDriver({ dir })] }) };
    const own = await startStack([deployed], { dataConverter });
    const first = await own.startWorker({ dataConverter });
    const text = textOf(5 * MB);
    const { id } = await own.tasks.engine.start({ owner: 'ann', tool: deployed, args: { text }, ttl: null });
    await part;
    await first.stop();
    await own.startWorker({ dataConverter });
    const { outcome } = await own.tasks.engine.result('ann', id);
    expect(outcome).toMatchObject({ result: { structuredContent: { text } } });
    await own.close();
  });

  it('of more than 50 MB are a tool error that says so', async () => {
    const call = { name: 'echo', arguments: { text: textOf(MB), times: 51 } };
    const { result } = await send2025(handlers.v2, 'tools/call', call);
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^The result of echo is 5[\d,]+ bytes; the limit is 50,000,000\. /) }],
    });
  });
});

it('an answer of 5 MB arrives', async () => {
  const session = await Session.begin(handlers.v2);
  const call = { name: 'asking', arguments: {}, task: {} };
  const { taskId } = (await session.request(handlers.v2, 'tools/call', call)).result.task;
  const result = await session.open(handlers.v2, 'tasks/result', { taskId });
  const { id } = await result.next(({ method }) => method === 'elicitation/create');
  const name = textOf(5 * MB);
  await session.reply(handlers.v2, id, { result: { action: 'accept', content: { name } } });
  const answer = await result.next((message) => message.id === result.requestId);
  expect(answer.result.structuredContent.name === name).toBe(true);
});

it.each(['result', 'step input', 'child input', 'next run', 'steps together'])(
  'a workflow sends a %s of 5 MB',
  async (way) => {
    const call = { name: 'flow', arguments: { way, size: 5 * MB } };
    expect((await send2025(handlers.v2, 'tools/call', call)).result.isError).toBeUndefined();
  },
);

describe('a file', () => {
  it('is unreadable for other users, and complete', async () => {
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    for (const file of await files()) expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('that is missing is reported, without the directory', async () => {
    const dataConverter = { externalStorage: new ExternalStorage({ drivers: [new DirectoryDriver({ dir })] }) };
    const own = await startStack([echo], { dataConverter, limits: { requestBytes: 60 * MB } });
    const worker = await own.startWorker({ dataConverter });
    const handler = own.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
    const text = textOf(5 * MB);
    const { taskId } = (await send2026(handler, 'tools/call', { name: 'echo', arguments: { text } })).result;
    await own.tasks.engine.result('anonymous', taskId);
    // A worker that replayed the workflow for a late query would store the result again.
    await worker.stop();
    for (const file of await files()) await rm(file);
    const { result } = (await send2026(handler, 'tasks/get', { taskId })).result;
    await own.close();
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/external storage is not available: file [0-9a-f]{64} cannot be read/) }],
    });
    expect(JSON.stringify(result)).not.toContain(dir);
  });
});

describe('the driver', () => {
  const payload = (text: string): Payload => ({ metadata: {}, data: Buffer.from(text) });
  const keep = async (driver: DirectoryDriver, text: string): Promise<StorageDriverClaim> =>
    (await driver.store({}, [payload(text)]))[0] as StorageDriverClaim;

  it('keeps equal payloads once, and renews their time', async () => {
    const driver = new DirectoryDriver({ dir: join(dir, 'twice') });
    const claim = await keep(driver, 'the same');
    const path = join(dir, 'twice', claim.claimData['sha256']?.slice(0, 2) ?? '', claim.claimData['sha256'] ?? '');
    await utimes(path, 0, 0);
    expect(await keep(driver, 'the same')).toEqual(claim);
    expect((await stat(path)).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
    expect(await readdir(join(path, '..'))).toHaveLength(1);
    expect(Buffer.from((await driver.retrieve({}, [claim]))[0]?.data ?? []).toString()).toBe('the same');
    const content = await readFile(path);
    // A writer that died has left half of it behind, or a disk has lost its content.
    for (const damaged of [content.subarray(0, 4), Buffer.alloc(content.length)]) {
      await writeFile(path, damaged);
      await expect(driver.retrieve({}, [claim])).rejects.toMatchObject({ code: 'PAYLOAD_UNREADABLE' });
      await keep(driver, 'the same');
      expect(await driver.retrieve({}, [claim])).toHaveLength(1);
    }
  });

  it('reads no file outside its directory', async () => {
    const driver = new DirectoryDriver({ dir: join(dir, 'inside') });
    for (const sha256 of ['../../../etc/passwd', '/etc/passwd', '', 'x'.repeat(64), `${'a'.repeat(64)}/..`])
      await expect(driver.retrieve({}, [new StorageDriverClaim({ sha256 })])).rejects.toThrow('does not name a file');
  });

  it('says if it cannot write, and leaves nothing behind', async () => {
    const file = join(dir, 'a-file');
    await writeFile(file, '');
    await chmod(file, 0o600);
    await expect(keep(new DirectoryDriver({ dir: file }), 'x')).rejects.toMatchObject({ code: 'CONFIGURATION' });
  });
});
