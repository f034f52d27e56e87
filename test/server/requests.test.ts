/**
 * How many requests tasks cost Temporal: the server's and the worker's, counted by a proxy in front of it. Temporal's
 * own client needs five for a workflow with one activity.
 */
import { fileURLToPath } from 'node:url';
import { McpServer, type McpHttpHandler } from '@modelcontextprotocol/server';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool, ToolError } from '../../src/index.js';
import { send2025, send2026 } from '../helpers/raw-requests.js';
import { Session } from '../helpers/session-client.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { startTemporalProxy, type TemporalProxy } from '../helpers/temporal-proxy.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const inputSchema = z.object({});
/** Ends a running step when called, one function for each step. */
let release: (() => void)[] = [];
const held = async (): Promise<string> => await new Promise((resolve) => release.push(() => resolve('done')));
const tools = [
  defineTool({ name: 'quick', inputSchema, run: async () => await Promise.resolve('done') }),
  defineTool({ name: 'refused', inputSchema, run: async () => await Promise.reject(new ToolError('no such file')) }),
  defineTool({ name: 'held', inputSchema, run: held }),
  defineTool({ name: 'sleeper', inputSchema, workflow: 'sleeper' }),
];

/** The requests of a workflow with one activity, without its start and without waiting for its end. */
const WORK = { RespondWorkflowTaskCompleted: 2, RespondActivityTaskCompleted: 1 };
const CALL = { StartWorkflowExecution: 1, ...WORK };
const LONG_POLL = { GetWorkflowExecutionHistory: 1 };
const DESCRIBE = { DescribeWorkflowExecution: 1 };
/** The worker answers a query with a request of its own. */
const QUERY = { QueryWorkflow: 1, RespondQueryTaskCompleted: 1 };

let proxy: TemporalProxy;
let stack: Stack;
let other: Stack;
let handler: McpHttpHandler;
let elsewhere: McpHttpHandler;
beforeAll(async () => {
  proxy = await startTemporalProxy();
  const temporal = { address: proxy.address };
  stack = await startStack(tools, { temporal });
  other = await startStack(tools, { temporal, taskQueue: stack.tasks.taskQueue });
  const server = (): McpServer => new McpServer({ name: 'test', version: '1.0.0' });
  handler = stack.tasks.handler(server);
  elsewhere = other.tasks.handler(server);
  await stack.startWorker({ workflowsPath });
  // The first calls also ask about the namespace.
  for (const at of [handler, elsewhere]) await send2025(at, 'tools/call', { name: 'quick' });
});
afterAll(async () => {
  for (const go of release) go();
  await other.close();
  await stack.close();
  await proxy.close();
});
beforeEach(() => {
  release = [];
  proxy.calls.clear();
  proxy.over.clear();
});

/** Requests that a worker and a server send even without a task. */
const APART_FROM_TASKS = /^(Poll|Get(System|Cluster)Info|DescribeNamespace|CountWorkflowExecutions|RecordWorker)/;

/** Returns the requests since the last call of this function. */
function requests(): Record<string, number> {
  const counted = [...proxy.calls].filter(([method]) => !APART_FROM_TASKS.test(method));
  proxy.calls.clear();
  return Object.fromEntries(counted);
}

const call2025 = async (name: string): Promise<string> =>
  (await send2025(handler, 'tools/call', { name, task: {} })).result.task.taskId as string;
const call2026 = async (name: string): Promise<string> =>
  (await send2026(handler, 'tools/call', { name })).result.taskId as string;
const get = async (taskId: string, at = handler): Promise<string> =>
  (await send2026(at, 'tasks/get', { taskId })).result.status as string;
const running = async (steps = 1): Promise<void> => await expect.poll(() => release.length).toBe(steps);
const counted = (method: string): number => proxy.calls.get(method) ?? 0;

it('costs no more than the bare client: a call and its `tasks/result`', async () => {
  const taskId = await call2025('quick');
  expect((await send2025(handler, 'tasks/result', { taskId })).result.content).toHaveLength(1);
  expect(requests()).toEqual({ ...CALL, ...LONG_POLL });
});

it('costs no more than the bare client if the tool fails', async () => {
  const taskId = await call2025('refused');
  expect((await send2025(handler, 'tasks/result', { taskId })).result.isError).toBe(true);
  const { RespondActivityTaskCompleted: _, ...others } = CALL;
  expect(requests()).toEqual({ ...others, RespondActivityTaskFailed: 1, ...LONG_POLL });
});

it.each([
  ['2025-11-25', async () => await send2025(handler, 'tools/call', { name: 'quick' })],
  ['2026-07-28', async () => await send2026(handler, 'tools/call', { name: 'quick' }, { capabilities: {} })],
])('costs no more than the bare client: a call that waits for its result, in %s', async (_, call) => {
  expect((await call()).result.content).toEqual([{ type: 'text', text: 'done' }]);
  expect(requests()).toEqual({ ...CALL, ...LONG_POLL });
});

it('costs no more while the session’s own stream is open', async () => {
  const session = await Session.begin(handler);
  const stream = await session.listen(handler);
  const { result } = await session.request(handler, 'tools/call', { name: 'quick', task: {} });
  const { taskId } = result.task;
  expect((await session.request(handler, 'tasks/result', { taskId })).result.content).toHaveLength(1);
  await stream.next(({ method, params }) => method === 'notifications/tasks/status' && params.status === 'completed');
  expect(requests()).toEqual({ ...CALL, ...LONG_POLL });
  await stream.drop();
});

it('costs one more request at a server that did not start the task', async () => {
  const taskId = await call2025('held');
  await running();
  const result = send2025(elsewhere, 'tasks/result', { taskId });
  await expect.poll(() => counted('GetWorkflowExecutionHistory')).toBe(1);
  release.pop()?.();
  expect((await result).result.content).toHaveLength(1);
  expect(requests()).toEqual({ ...CALL, ...LONG_POLL, ...DESCRIBE });
});

it('costs one more request, besides long polls, if the work takes longer', async () => {
  const taskId = await call2025('held');
  await running();
  const result = send2025(handler, 'tasks/result', { taskId });
  // With the second long poll comes a read. After that, no other request is sent while nothing happens.
  await expect.poll(() => counted('GetWorkflowExecutionHistory'), { timeout: 10_000 }).toBe(2);
  await expect.poll(() => proxy.over.get('DescribeWorkflowExecution')).toBe(1);
  release.pop()?.();
  await result;
  const { GetWorkflowExecutionHistory: longPolls, ...others } = requests();
  expect(others).toEqual({ ...CALL, ...DESCRIBE });
  // Two more between the activity's end and the workflow's.
  expect(longPolls).toBeLessThanOrEqual(5);
});

it('shows a cancelled task as cancelled, whatever its workflow returns in the end', async () => {
  const taskId = await call2025('held');
  await running();
  const results = [handler, elsewhere].map(async (at) => await send2025(at, 'tasks/result', { taskId }));
  await expect.poll(() => counted('GetWorkflowExecutionHistory')).toBe(2);
  // Cancelled at another server, so the first one doesn't know. The step ignores it.
  expect((await send2025(elsewhere, 'tasks/cancel', { taskId })).result.status).toBe('cancelled');
  release.pop()?.();
  for (const { error } of await Promise.all(results)) expect(error).toMatchObject({ message: 'Task was cancelled' });
  expect((await send2025(handler, 'tasks/get', { taskId })).result.status).toBe('cancelled');
});

it('`tasks/get` of a function tool costs one request: right after the call, while it works, and after its end', async () => {
  const taskId = await call2026('held');
  requests();
  expect(await get(taskId)).toBe('working');
  const { DescribeWorkflowExecution: reads, QueryWorkflow: queries } = requests();
  expect({ reads, queries }).toEqual({ reads: 1, queries: undefined });
  await running();
  requests();
  for (const at of [handler, elsewhere]) {
    expect(await get(taskId, at)).toBe('working');
    expect(requests()).toEqual(DESCRIBE);
  }
  release.pop()?.();
  await send2025(handler, 'tasks/result', { taskId });
  requests();
  expect(await get(taskId)).toBe('completed');
  expect(requests()).toEqual(DESCRIBE);
  // A server that has not seen the end reads it once.
  expect(await get(taskId, elsewhere)).toBe('completed');
  expect(requests()).toEqual({ ...DESCRIBE, GetWorkflowExecutionHistory: 1 });
  expect(await get(taskId, elsewhere)).toBe('completed');
  expect(requests()).toEqual(DESCRIBE);
});

it('`tasks/get` of a workflow costs one request while nothing happens, and otherwise two', async () => {
  const taskId = await call2026('sleeper');
  await expect.poll(() => counted('RespondWorkflowTaskCompleted')).toBe(1);
  requests();
  expect(await get(taskId)).toBe('working');
  expect(requests()).toEqual({ ...DESCRIBE, ...QUERY });
  // Looks up once what last happened.
  await get(taskId);
  requests();
  expect(await get(taskId)).toBe('working');
  expect(requests()).toEqual(DESCRIBE);
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  await new Client({ connection }).workflow.getHandle(taskId).signal('noted');
  await connection.close();
  await expect.poll(() => counted('RespondWorkflowTaskCompleted')).toBe(1);
  requests();
  expect(await get(taskId)).toBe('working');
  expect(requests()).toEqual({ ...DESCRIBE, ...QUERY });
  // A server that sees the task for the first time also looks up what has happened before.
  expect(await get(taskId, elsewhere)).toBe('working');
  expect(requests()).toEqual({ ...DESCRIBE, ...QUERY, GetWorkflowExecutionHistoryReverse: 1 });
});
