/** A third protocol version is one folder and one entry in the registry: nothing else has to know of it. @module */
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectTasks, type DurableTasksOptions, type TasksCore } from '../../src/durable-tasks.js';
import { VERSIONS } from '../../src/protocol/registry.js';
import type { FetchHandler } from '../../src/sdk/index.js';
import { httpHandler } from '../../src/server/serve.js';
import { forbidden, gatedTools, release, returned } from '../helpers/gated.js';
import { send2025, type Reply } from '../helpers/raw-requests.js';
import { startStackOf, type Stack } from '../helpers/stack.js';
import { toy } from './toy/index.js';

const ToyTasks = {
  connect: async (options: DurableTasksOptions): Promise<TasksCore> => await connectTasks(options, [...VERSIONS, toy]),
};
const factory = (): McpServer =>
  new McpServer({ name: 'test', version: '1.0.0' }, { supportedProtocolVersions: ['2025-11-25', toy.name] });

let stack: Stack<TasksCore>;
let handler: FetchHandler;

async function send(method: string, params: object): Promise<Reply> {
  return await send2025(handler, method, params, { version: toy.name });
}

beforeAll(async () => {
  stack = await startStackOf(ToyTasks, [...gatedTools, forbidden]);
  handler = httpHandler(stack.tasks.service, undefined, factory, {});
  await stack.startWorker();
});

afterAll(async () => {
  await handler.close();
  await stack.close();
});

it('creates a task, reads it and returns its result', async () => {
  const { result: created } = await send('tools/call', { name: 'object', arguments: { gate: 'toy' } });
  expect(created).toEqual({ job: expect.stringMatching(/^mcp-/) as string });
  const { job } = created as { job: string };

  expect((await send('jobs/get', { job })).result).toEqual({ job, state: 'working', keptFor: 60_000 });
  release('toy');
  expect((await send('jobs/result', { job })).result).toMatchObject({ job, structuredContent: returned.object });
  expect((await send('jobs/get', { job })).result).toEqual({ job, state: 'completed', keptFor: 60_000 });
});

it('waits for a tool that must not become a task', async () => {
  release('toy-forbidden');
  const { result } = await send('tools/call', { name: 'forbidden', arguments: { gate: 'toy-forbidden' } });
  expect(result).toMatchObject({ structuredContent: returned.object });
});

it('decides which errors are sent', async () => {
  const { result } = await send('tools/call', { name: 'object', arguments: {} });
  expect(result).toMatchObject({ isError: true });
  expect((await send('jobs/get', { job: 'mcp-none' })).error?.code).toBe(-32602);
});

it('decides how tools are listed', async () => {
  const { result } = await send('tools/list', {});
  const listed = (result as { tools: { name: string; outputSchema?: object }[] }).tools;
  expect(listed.find(({ name }) => name === 'object')?.outputSchema).toMatchObject({ title: 'toy' });
});

it('does not affect the other versions', async () => {
  const call = { name: 'object', arguments: { gate: 'other' }, task: {} };
  const { result } = await send2025(handler, 'tools/call', call);
  expect(result).toMatchObject({ task: { status: 'working' } });
  expect((await send2025(handler, 'jobs/get', { job: 'any' })).error?.code).toBe(-32601);
  release('other');
});
