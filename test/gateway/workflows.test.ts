/** Workflows that know nothing about MCP, exposed as tools, in both protocol versions. */
import { randomUUID } from 'node:crypto';
import type { McpHttpHandler } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import { send2025, send2026 } from '../helpers/raw-requests.js';
import { startGateway, startPlainWorker } from '../helpers/gateway.js';

const taskQueue = `plain-${randomUUID()}`;
const text = { type: 'string' };
let gateway: Gateway;
let handler: McpHttpHandler;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  gateway = await startGateway({
    taskQueue,
    tools: [
      {
        name: 'nightly_load',
        title: 'Nightly load',
        description: 'Loads',
        workflow: 'NightlyLoad',
        input: { properties: { date: text }, required: ['date'] },
        output: { schema: { type: 'object', required: ['loaded'] } },
        annotations: { destructiveHint: false },
      },
      {
        name: 'first_row',
        workflow: 'NightlyLoad',
        input: { properties: { date: text } },
        output: { part: '/rows/0' },
      },
      { name: 'no_row', workflow: 'NightlyLoad', input: { properties: { date: text } }, output: { part: '/rows/7' } },
      {
        name: 'misfit',
        workflow: 'NightlyLoad',
        input: { properties: { date: text } },
        output: { schema: { required: ['rowsIn'] } },
      },
      {
        name: 'backfill',
        workflow: 'Backfill',
        input: {
          properties: { table: text, days: { type: 'integer' }, dryRun: { type: 'boolean' } },
          required: ['table'],
        },
        args: ['table', 'days', 'dryRun'],
        idempotencyKey: '{table}',
      },
      { name: 'no_arguments', workflow: 'NoArguments' },
      { name: 'failing', workflow: 'Failing', input: { properties: { kind: text } }, args: ['kind'] },
      {
        name: 'failing_in_full',
        workflow: 'Failing',
        input: { properties: { kind: text } },
        args: ['kind'],
        stackTraces: true,
      },
      ...['Waiting', 'Flaky', 'Retried', 'Bytes', 'Nothing', 'Text'].map((workflow) => ({
        name: workflow.toLowerCase(),
        workflow,
      })),
      { name: 'slow', workflow: 'Slow', input: { properties: { done: {} } }, args: ['done'] },
      { name: 'page', workflow: 'Page' },
      { name: 'page_content', workflow: 'Page', output: { part: '/content/0' } },
      { name: 'once', workflow: 'SecondTime' },
      { name: 'twice', workflow: 'SecondTime', retry: { initialInterval: '1 ms', maximumAttempts: 2 } },
      { name: 'short', workflow: 'Sleeper', timeouts: { execution: '1 second' } },
    ],
  });
  handler = gateway.handler();
  stopWorker = await startPlainWorker(taskQueue);
});
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

const begin = async (name: string, args: object = {}): Promise<string> =>
  (await send2026(handler, 'tools/call', { name, arguments: args })).result.taskId;
const status = async (taskId: string) => (await send2026(handler, 'tasks/get', { taskId })).result;
/** Runs a task to its end and returns it with its result. */
async function ended(name: string, args: object = {}) {
  const taskId = await begin(name, args);
  await gateway.tasks.engine.result('anonymous', taskId);
  return await status(taskId);
}

it('tools are listed as the file describes them', async () => {
  const { tools } = (await send2025(handler, 'tools/list', {})).result;
  expect(tools[0]).toMatchObject({
    name: 'nightly_load',
    title: 'Nightly load',
    description: 'Loads',
    inputSchema: { type: 'object', required: ['date'] },
    outputSchema: { required: ['loaded'] },
    annotations: { destructiveHint: false },
    execution: { taskSupport: 'optional' },
  });
});

describe('the arguments', () => {
  it.each([
    ['nightly_load', { date: '2026-01-31' }, { loaded: '2026-01-31', rows: [{ date: '2026-01-31' }] }],
    ['backfill', { days: 3, table: 'orders' }, { table: 'orders', days: 3, given: null }],
    ['backfill', { dryRun: true, table: 'users' }, { table: 'users', days: null, given: true }],
    ['no_arguments', {}, { count: 0 }],
  ])('reach the workflow of %s', async (name, args, result) => {
    expect(await ended(name, args)).toMatchObject({ status: 'completed', result: { structuredContent: result } });
    expect((await send2025(handler, 'tools/call', { name, arguments: args })).result).toMatchObject({
      structuredContent: result,
    });
  });

  it('start nothing if they are invalid', async () => {
    const { result } = await send2026(handler, 'tools/call', { name: 'nightly_load', arguments: {} });
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^Invalid arguments for tool nightly_load: .*"date"$/) }],
    });
  });

  it('determine the task if the file sets an idempotency key', async () => {
    const authInfo = {
      token: 't',
      clientId: 'c',
      scopes: [],
      extra: { iss: 'https://issuer.example', sub: taskQueue },
    };
    const call = async (): Promise<string> =>
      (await send2026(handler, 'tools/call', { name: 'backfill', arguments: { table: 'same' } }, { authInfo })).result
        .taskId;
    expect(await call()).toBe(await call());
    // Identical calls from different anonymous callers never share a task.
    expect(await begin('backfill', { table: 'same' })).not.toBe(await begin('backfill', { table: 'same' }));
  });
});

describe('results', () => {
  it.each([
    ['first_row', { date: 'd' }, { structuredContent: { date: 'd' } }],
    ['no_row', { date: 'd' }, { isError: true, content: [{ text: "The workflow's result has nothing at /rows/7" }] }],
    [
      'misfit',
      { date: 'd' },
      { isError: true, content: [{ text: expect.stringContaining('does not match its output schema') }] },
    ],
    ['text', {}, { content: [{ type: 'text', text: 'done' }] }],
    ['nothing', {}, { content: [] }],
    [
      'bytes',
      {},
      {
        content: [
          {
            type: 'resource',
            resource: { blob: 'AQL/', mimeType: 'application/octet-stream', uri: expect.stringMatching(/^temporal:/) },
          },
        ],
      },
    ],
    [
      'page',
      {},
      {
        content: [{ type: 'text', text: '{"content":[{"type":"text","text":"page 1"}],"isError":true}' }],
        structuredContent: { content: [{ text: 'page 1' }], isError: true },
      },
    ],
    ['page_content', {}, { structuredContent: { type: 'text', text: 'page 1' } }],
    ['twice', {}, { structuredContent: { runs: 'again' } }],
    ['retried', {}, { content: [{ text: 'attempt 3' }] }],
  ])('of %s become the task’s result', async (name, args, result) => {
    expect((await ended(name, args)).result).toMatchObject(result);
  });
});

describe('a failure', () => {
  it.each([
    ['failing', { kind: 'activity' }, 'activity broken failed on attempt 3: ConnectionError: connection refused'],
    [
      'failing',
      { kind: 'child' },
      'child workflow Failing: activity broken failed on attempt 3: ConnectionError: connection refused',
    ],
    ['failing', { kind: 'workflow' }, 'workflow Failing failed: ValidationError: no such month; caused by month 13'],
    ['once', {}, 'workflow SecondTime failed: not yet'],
  ])('of %s (%j) becomes one tool error', async (name, args, message) => {
    const { result } = await ended(name, args);
    expect(result).toMatchObject({ isError: true, content: [{ type: 'text', text: message }] });
  });

  it('includes the stack trace if the file asks for it', async () => {
    const { result } = await ended('failing_in_full', { kind: 'activity' });
    expect(result.content[0].text).toMatch(/connection refused\n\n.*plain-activities/s);
  });

  it('by timeout becomes an error of the task', async () => {
    expect(await ended('short')).toMatchObject({
      status: 'failed',
      error: { code: -32603, message: 'The task timed out' },
    });
  });
});

describe('without a mapping, the status', () => {
  it.each([
    ['waiting', {}, /^Sleeper: running$/],
    ['slow', { done: 3 }, /^slow: 3$/],
    ['slow', { done: { progress: 3, total: 4, message: 'files' } }, /^slow: 3 of 4 files \(75%\)$/],
    ['slow', { done: { file: 'a.csv' } }, /^slow: running$/],
    ['flaky', {}, /^flaky: attempt 1 failed \(connection refused\); attempt 2 at /],
  ])('of %s (%j) shows what Temporal knows', async (name, args, message) => {
    const taskId = await begin(name, args);
    await expect.poll(async () => (await status(taskId)).statusMessage, { timeout: 20_000 }).toMatch(message);
    await send2026(handler, 'tasks/cancel', { taskId });
    expect(await status(taskId)).toMatchObject({ status: 'cancelled' });
  });
});
