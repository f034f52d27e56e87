/**
 * What Temporal's database contains of everything that tasks store, on a Temporal of its own whose file the test can
 * read. Without encryption, each planted text is found; otherwise the test would prove nothing.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/server';
import type { DataConverter } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { step } from '../../src/activity/index.js';
import { encryption } from '../../src/encryption/index.js';
import { defineTool, ToolError, type DurableTool } from '../../src/index.js';
import { startGateway, startPlainWorker } from '../helpers/gateway.js';
import { send2025, send2026 } from '../helpers/raw-requests.js';
import { Session } from '../helpers/session-client.js';
import { startStack, type Stack } from '../helpers/stack.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/secret-workflows.ts', import.meta.url));

const opened: (() => Promise<unknown>)[] = [];
let dir: string;
let temporal: TestWorkflowEnvironment;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-database-'));
  temporal = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: inject('temporalCli') },
      dbFilename: join(dir, 'temporal.db'),
    },
  });
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
  vi.unstubAllEnvs();
  await temporal.teardown();
  await rm(dir, { recursive: true, force: true });
});

/** The tools, each of which stores the secret in other places. */
function toolsWith(secret: string): Record<'fn' | 'held' | 'failing' | 'asking' | 'flow' | 'mistaken', DurableTool> {
  const inputSchema = z.object({ secret: z.string() });
  return {
    fn: defineTool({
      name: 'fn',
      inputSchema,
      async run(_, ctx) {
        ctx.progress(1, 2, `progress-${secret}`);
        if (ctx.attempt === 1) throw new Error(`attempt-failure-${secret}`, { cause: new Error(`cause-${secret}`) });
        return await Promise.resolve({ result: `result-${secret}` });
      },
      retry: { initialInterval: '10 ms' },
    }),
    held: defineTool({
      name: 'held',
      inputSchema,
      async run(_, ctx) {
        ctx.checkpoint(`checkpoint-${secret}`);
        ctx.progress(1, 2, `heartbeat-${secret}`);
        await new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', reject));
      },
    }),
    failing: defineTool({
      name: 'failing',
      inputSchema,
      run: async () => await Promise.reject(new ToolError(`tool-failure-${secret}`)),
    }),
    asking: defineTool({
      name: 'asking',
      inputSchema,
      beforeStart: () => ({
        message: `first-question-${secret}`,
        requestedSchema: { type: 'object', properties: { card: { type: 'string' } } },
      }),
      run: async (_, ctx) => await Promise.resolve({ card: ctx.answer?.['card'] }),
    }),
    flow: defineTool({ name: 'flow', inputSchema, asks: ['elicitation.form'], workflow: 'everything' }),
    mistaken: defineTool({ name: 'mistaken', inputSchema, workflow: 'mistaken' }),
  };
}

/** Where the tools and the clients put the secret. */
const PLACES = [
  'argument',
  'progress',
  'checkpoint',
  'heartbeat',
  'attempt-failure',
  'cause',
  'result',
  'tool-failure',
  'first-question',
  'first-answer',
  'step-input',
  'step-failure',
  'step-result',
  'answer',
  'child-summary',
  'child-failure',
  'timer-summary',
  'next-run',
  'workflow-failure',
  'workflow-failure-data',
  'mistake',
  'existing-argument',
] as const;

async function runAll(secret: string, dataConverter: DataConverter | undefined): Promise<void> {
  const at = { temporal: { address: temporal.address } };
  const tools = toolsWith(secret);
  const work = step(async (_: string, ctx) => {
    if (ctx.attempt === 1) throw new Error(`step-failure-${secret}`);
    return await Promise.resolve(`step-result-${secret}`);
  });
  const encoding = dataConverter ? { dataConverter } : {};
  const stack = await startStack(Object.values(tools), { ...at, ...encoding, pollInterval: '50 ms' });
  opened.push(async () => await stack.close());
  await stack.startWorker({ workflowsPath, activities: { work } });
  await runFunctions(stack, secret);
  await runQuestions(stack, secret);
  await runMistaken(stack, secret, tools.mistaken);
  await holdStep(stack, secret, tools.held);
  await runExisting(secret, dataConverter);
}

async function runFunctions(stack: Stack, secret: string): Promise<void> {
  const handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
  const given = { secret: `argument-${secret}` };
  const done = await send2025(handler, 'tools/call', { name: 'fn', arguments: given });
  expect(done.result.structuredContent).toEqual({ result: `result-${secret}` });
  const failed = await send2026(handler, 'tools/call', { name: 'failing', arguments: given }, { capabilities: {} });
  expect(failed.result).toMatchObject({ isError: true, content: [{ text: `tool-failure-${secret}` }] });
}

/** Runs the tools that ask, in a session of 2025-11-25. */
async function runQuestions(stack: Stack, secret: string): Promise<void> {
  const handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
  const session = await Session.begin(handler);
  const ask = async (name: string, given: object, card: string) => {
    const call = { name, arguments: given, task: {} };
    const { taskId } = (await session.request(handler, 'tools/call', call)).result.task;
    const stream = await session.open(handler, 'tasks/result', { taskId });
    const { id, params } = await stream.next(({ method }) => method === 'elicitation/create');
    expect(params.message).toContain(`question-${secret}`);
    await session.reply(handler, id, { result: { action: 'accept', content: { card } } });
    return await stream.next((message) => message.id === stream.requestId);
  };
  const first = await ask('asking', { secret: '' }, `first-answer-${secret}`);
  expect(first.result.structuredContent).toEqual({ card: `first-answer-${secret}` });
  const { error } = await ask('flow', { secret }, `answer-${secret}`);
  expect(error).toMatchObject({
    code: -32_000,
    message: `workflow-failure-${secret}`,
    data: { data: `workflow-failure-data-${secret}` },
  });
}

async function runMistaken(stack: Stack, secret: string, tool: DurableTool): Promise<void> {
  const { id } = await stack.tasks.engine.start({ owner: 'ann', tool, args: { secret }, ttl: null });
  await expect
    .poll(async () => JSON.stringify(await stack.tasks.engine.get('ann', id)), { timeout: 20_000 })
    .toContain(`mistake-${secret}`);
  await stack.tasks.engine.cancel('ann', id);
}

/** Starts a step that runs until the stack closes. Its last heartbeat is in the workflow's state. */
async function holdStep(stack: Stack, secret: string, tool: DurableTool): Promise<void> {
  const { id } = await stack.tasks.engine.start({ owner: 'ann', tool, args: { secret: '' }, ttl: null });
  await expect
    .poll(async () => JSON.stringify(await stack.tasks.engine.get('ann', id)), { timeout: 20_000 })
    .toContain(`heartbeat-${secret}`);
}

/** Runs an existing workflow, by way of a gateway that gets the keys from its environment. */
async function runExisting(secret: string, dataConverter: DataConverter | undefined): Promise<void> {
  const taskQueue = `plain-${randomUUID()}`;
  const connection = temporal.nativeConnection;
  opened.push(await startPlainWorker(taskQueue, { connection, ...(dataConverter ? { dataConverter } : {}) }));
  const gateway = await startGateway({
    temporal: { address: temporal.address },
    taskQueue,
    tools: [{ name: 'load', workflow: 'NightlyLoad', input: { properties: { date: { type: 'string' } } } }],
  });
  opened.push(async () => await gateway.close());
  const given = { date: `existing-argument-${secret}` };
  const { result } = await send2026(
    gateway.handler(),
    'tools/call',
    { name: 'load', arguments: given },
    { capabilities: {} },
  );
  expect(result.structuredContent).toMatchObject({ loaded: `existing-argument-${secret}` });
}

/** Returns the places whose planted text the files of the database contain. */
async function found(secret: string): Promise<string[]> {
  const files = (await readdir(dir)).filter((name) => name.startsWith('temporal.db'));
  expect(files).toContain('temporal.db');
  const contents = await Promise.all(files.map(async (name) => await readFile(join(dir, name))));
  return PLACES.filter((place) => contents.some((content) => content.includes(`${place}-${secret}`)));
}

it('without encryption, all of it is readable', { timeout: 60_000 }, async () => {
  const secret = randomUUID();
  await runAll(secret, undefined);
  await expect.poll(async () => await found(secret)).toEqual(PLACES);
});

it('with encryption, none of it is', { timeout: 60_000 }, async () => {
  const keys = `test:${randomBytes(32).toString('base64')}`;
  vi.stubEnv('MCP_TASKS_ENCRYPTION_KEYS', keys);
  const secret = randomUUID();
  await runAll(secret, encryption());
  // Temporal writes everything before it answers. A place that is found later would be found now as well.
  expect(await found(secret)).toEqual([]);
  const files = await Promise.all((await readdir(dir)).map(async (name) => await readFile(join(dir, name))));
  expect(files.some((content) => content.includes(secret))).toBe(false);
  expect(files.some((content) => content.includes(keys.slice(5)))).toBe(false);
  expect(files.some((content) => content.includes('binary/encrypted'))).toBe(true);
});
