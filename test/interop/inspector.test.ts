/** The MCP Inspector's command-line clients against our server, in both protocol versions. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { twice, waitForFile } from '../fixtures/tools.mjs';
import { listen, type Listening } from '../helpers/http.js';
import { startInspector, type Inspector } from '../helpers/inspector.js';
import { startStack, type Stack } from '../helpers/stack.js';

const tools = [waitForFile, twice];
const owner = 'inspector';

let dir: string;
let stack: Stack;
let server: Listening;
let inspector: Inspector;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-inspector-'));
  stack = await startStack(tools, { pollInterval: '50 ms', owner: () => owner });
  await stack.startWorker({ workflowsPath: fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url)) });
  server = await listen(stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' })));
  inspector = await startInspector(dir);
});
afterAll(async () => {
  await inspector.close();
  await server.close();
  await stack.close();
  await rm(dir, { recursive: true, force: true });
});

const known = new Set<string>();
/** Returns the ID of the task just created. Asks the engine, because clients cannot list tasks in 2026-07-28. */
async function newTask(): Promise<string> {
  let created: string | undefined;
  const found = async (): Promise<boolean> => {
    created = (await stack.tasks.engine.list(`rule\0${owner}`)).tasks.find(
      ({ id, outcome }) => !outcome && !known.has(id),
    )?.id;
    return created !== undefined;
  };
  await expect.poll(found, { timeout: 20_000 }).toBe(true);
  known.add(created as string);
  return created as string;
}

describe.each(['legacy', 'modern'] as const)('protocol era %s', (era) => {
  // A connection runs one command at a time, so one connection calls and another watches.
  const caller = async (...args: string[]) => await inspector.mcpdo('--connection', `caller-${era}`, ...args);
  const watcher = async (...args: string[]) => await inspector.mcpdo('--connection', `watcher-${era}`, ...args);
  const call = async (name: string, args: object = {}) =>
    await caller('tools/call', name, '--task', '--tool-args-json', JSON.stringify(args));

  beforeAll(async () => {
    const url = server.url.href;
    const names = [`caller-${era}`, `watcher-${era}`];
    const config = join(dir, `${era}.json`);
    await writeFile(
      config,
      JSON.stringify({ mcpServers: Object.fromEntries(names.map((name) => [name, { type: 'streamable-http', url }])) }),
    );
    for (const name of names) await inspector.mcpdo('--config', config, 'connect', name, '--era', era);
  });

  it('creates a task, watches it and gets its result', async () => {
    expect(await inspector.mcpdo('connections/show', `caller-${era}`)).toMatchObject({ protocolEra: era });
    const file = join(dir, era);
    const called = call('wait_for_file', { file });
    called.catch(() => undefined);
    const taskId = await newTask();
    await expect
      .poll(async () => await watcher('tasks/get', taskId), { timeout: 20_000 })
      .toMatchObject({ task: { taskId, status: 'working', statusMessage: expect.stringContaining('looks') } });
    await writeFile(file, '');
    expect(await called).toMatchObject({ structuredContent: { file } });
    expect(await watcher('tasks/get', taskId)).toMatchObject({ task: { status: 'completed' } });
    expect(await watcher('tasks/result', taskId)).toMatchObject({ structuredContent: { file } });
  });

  it('cancels a task', async () => {
    const called = call('wait_for_file', { file: join(dir, 'never') }).catch((error: unknown) => error);
    const taskId = await newTask();
    expect(await watcher('tasks/cancel', taskId)).toEqual({ cancelled: true, taskId });
    expect(await called).toBeInstanceOf(Error);
    expect(await watcher('tasks/get', taskId)).toMatchObject({ task: { status: 'cancelled' } });
  });

  it('awaits a call in one command', async () => {
    const file = join(dir, 'at-once');
    await writeFile(file, '');
    const target = ['--server-url', server.url.href, '--transport', 'http', '--protocol-era', era];
    expect(
      await inspector.cli(
        ...target,
        '--method',
        'tools/call',
        '--tool-name',
        'wait_for_file',
        '--tool-args-json',
        JSON.stringify({ file }),
      ),
    ).toMatchObject({ result: { structuredContent: { file } } });
    expect(
      (await inspector.cli(...target, '--method', 'tools/list')).result.tools.map(({ name }: { name: string }) => name),
    ).toEqual(['wait_for_file', 'twice']);
  });
});

it('lists the tasks of its owner in 2025-11-25', async () => {
  const { tasks } = await inspector.mcpdo('--connection', 'watcher-legacy', 'tasks/list');
  expect(tasks.map(({ taskId }: { taskId: string }) => taskId)).toEqual(expect.arrayContaining([...known]));
});

it.each(['legacy', 'modern'] as const)('answers the questions of a task, in protocol era %s', async (era) => {
  const mcpdo = async (...args: string[]) => await inspector.mcpdo('--connection', `caller-${era}`, ...args);
  let answer = await mcpdo('tools/call', 'twice', '--task');
  await newTask();
  while (answer.elicitationPending) {
    const { elicitationId, message } = answer.elicitationPending;
    answer = await mcpdo('elicitation/respond', elicitationId, message === 'Name?' ? 'name:=Ann' : 'size:=3');
  }
  expect(answer).toMatchObject({ structuredContent: { name: 'Ann', size: 3 } });
});

it('answers questions of another client’s task by tasks/update in 2026-07-28', async () => {
  const watcher = async (...args: string[]) => await inspector.mcpdo('--connection', 'watcher-modern', ...args);
  expect(await inspector.mcpdo('--connection', 'caller-modern', 'tools/call', 'twice', '--task')).toHaveProperty(
    'elicitationPending',
  );
  const taskId = await newTask();
  const { task } = await watcher('tasks/get', taskId);
  const questions = Object.entries<{ params: { message: string } }>(task.raw.inputRequests);
  const answers = questions.map(([key, { params }]) => [
    key,
    { action: 'accept', content: params.message === 'Name?' ? { name: 'Bob' } : { size: 4 } },
  ]);
  await watcher('tasks/update', taskId, '--input-responses', JSON.stringify(Object.fromEntries(answers)));
  expect(await watcher('tasks/result', taskId)).toMatchObject({ structuredContent: { name: 'Bob', size: 4 } });
});
