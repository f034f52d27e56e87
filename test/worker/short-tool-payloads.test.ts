/** What short tools store is encrypted and can be large, as for all tools. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ExternalStorage } from '@temporalio/common';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { StepContext } from '../../src/activity/index.js';
import { encryption } from '../../src/encryption/index.js';
import { defineTool } from '../../src/index.js';
import { DirectoryDriver } from '../../src/temporal/index.js';
import { startStack, type Stack } from '../helpers/stack.js';

const inputSchema = z.object({ text: z.string() });
const echo = defineTool({
  name: 'echo',
  inputSchema,
  expected: 'seconds',
  run: async ({ text }, ctx) => {
    ctx.progress(1, 1, text.slice(0, 100));
    return await Promise.resolve({ text });
  },
});
/** Passes its text as a checkpoint to the activity that continues it. */
const slow = defineTool({
  name: 'slow',
  inputSchema,
  expected: 'seconds',
  run: async ({ text }, ctx: StepContext<string>) => {
    if (ctx.lastCheckpoint !== undefined) return { text: ctx.lastCheckpoint };
    ctx.checkpoint(text);
    await once(ctx.signal, 'abort');
    throw new Error(`interrupted: ${text}`);
  },
});

let dir: string;
let stack: Stack;
let client: Client;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-short-'));
  const dataConverter = {
    ...encryption({ keys: `first:${randomBytes(32).toString('base64')}` }),
    externalStorage: new ExternalStorage({ drivers: [new DirectoryDriver({ dir })] }),
  };
  client = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  stack = await startStack([echo, slow], { dataConverter });
  await stack.startWorker({ dataConverter });
});
afterAll(async () => {
  await client.connection.close();
  await stack.close();
  await rm(dir, { recursive: true });
});

it.each([
  ['a short result', echo, 'planted-card-number'],
  ['a result in external storage', echo, randomBytes(2_500_000).toString('hex')],
  ['a checkpoint', slow, 'planted-card-number'],
])('%s is read as it was written, and its history does not contain it', async (_, tool, text) => {
  const { id } = await stack.tasks.engine.start({ owner: 'ann', tool, args: { text }, ttl: null });
  const { outcome } = await stack.tasks.engine.result('ann', id);
  expect(outcome).toMatchObject({ result: { structuredContent: { text } } });
  const events = JSON.stringify(await client.workflow.getHandle(id).fetchHistory());
  // Payloads are in base64, where the same text looks different at each of three offsets.
  const planted = [0, 1, 2].map((skip) => Buffer.from(text.slice(skip, skip + 12)).toString('base64'));
  for (const part of [text.slice(0, 16), ...planted]) expect(events).not.toContain(part);
  expect(events).toContain('MARKER_RECORDED');
});
