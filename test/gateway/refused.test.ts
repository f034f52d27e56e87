/** A gateway whose calls Temporal refuses: the error is clear and says that retrying does not help. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import { send2025, send2026, type Reply } from '../helpers/raw-requests.js';
import { silent } from '../helpers/stack.js';
import { REASON, startTemporalProxy, type TemporalProxy } from '../helpers/temporal-proxy.js';
import { startGateway } from '../helpers/gateway.js';

const PERMISSION_DENIED = 7;
const taskQueue = `nobody-${randomUUID()}`;
const tools = [{ name: 'sleep', workflow: 'Sleeper' }];
const logged: unknown[] = [];
const logger = { ...silent, warn: (fields: object) => void logged.push(fields) };
let proxy: TemporalProxy;
let gateway: Gateway;
let client: Client;
beforeAll(async () => {
  proxy = await startTemporalProxy();
  client = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  gateway = await startGateway({ taskQueue, tools, temporal: { address: proxy.address } }, { logger });
});
afterEach(() => {
  proxy.refuseWith = undefined;
});
afterAll(async () => {
  await gateway.close();
  await client.connection.close();
  await proxy.close();
});

const begin = async (): Promise<string> =>
  (await send2026(gateway.handler(), 'tools/call', { name: 'sleep', arguments: {} })).result.taskId;
/** Checks that the error does not reveal what exactly was refused, or where. @returns the error message */
function refusal({ error }: Reply): string | undefined {
  expect(error).toMatchObject({ code: -32603 });
  expect(error).not.toHaveProperty('data');
  expect(error?.message).not.toMatch(/try again\.$|etl-reader|127\.0\.0\.1/);
  return error?.message;
}

it.each([
  ['PERMISSION_DENIED', PERMISSION_DENIED, /PERMISSION_DENIED.*won't help.*operator/],
  ['UNAUTHENTICATED', 16, /UNAUTHENTICATED.*API key or certificate/],
  ['INVALID_ARGUMENT', 3, /INVALID_ARGUMENT/],
  ['UNIMPLEMENTED', 12, /UNIMPLEMENTED.*upgrade/],
])('%s is not treated as an outage, whatever the request', async (_, code, message) => {
  const taskId = await begin();
  proxy.refuseWith = code;
  logged.length = 0;
  for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update'])
    expect(refusal(await send2026(gateway.handler(), method, { taskId, inputResponses: { any: {} } }))).toMatch(
      message,
    );
  expect(refusal(await send2026(gateway.handler(), 'tools/call', { name: 'sleep', arguments: {} }))).toMatch(message);
  expect(refusal(await send2025(gateway.handler(), 'tasks/result', { taskId }))).toMatch(message);
  // The operator finds the reason in the log.
  expect(logged).toHaveLength(5);
  for (const { err } of logged as { err: Error }[]) expect(reasons(err)).toContain(REASON);
  proxy.refuseWith = undefined;
  await client.workflow.getHandle(taskId).terminate();
});

function reasons(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${reasons(error.cause)}` : error.message;
}

it('a wait for a result ends when the right is revoked, and the task is readable again when it is restored', async () => {
  const taskId = await begin();
  const refused = gateway.tasks.engine.result('anonymous', taskId).catch((error: unknown) => error);
  // By the time this returns, `result` has taken its first look and follows the task.
  await gateway.tasks.engine.get('anonymous', taskId);
  proxy.refuseWith = PERMISSION_DENIED;
  // The signal ends the open long poll, and the next one is refused.
  await client.workflow.getHandle(taskId).signal('any');
  expect(await refused).toMatchObject({ code: 'TEMPORAL_REFUSED' });
  proxy.refuseWith = undefined;
  expect((await send2026(gateway.handler(), 'tasks/get', { taskId })).result.status).toBe('working');
  await client.workflow.getHandle(taskId).terminate();
});

it('a missing namespace is not reported as a missing task', async () => {
  const elsewhere = await startGateway({
    taskQueue,
    tools,
    temporal: { address: inject('temporalAddress'), namespace: `none-${randomUUID()}` },
  });
  const taskId = await begin();
  expect(refusal(await send2026(elsewhere.handler(), 'tools/call', { name: 'sleep', arguments: {} }))).toMatch(
    /no namespace of the configured name/,
  );
  for (const method of ['tasks/get', 'tasks/cancel'])
    expect(refusal(await send2026(elsewhere.handler(), method, { taskId }))).toMatch(
      /no namespace of the configured name/,
    );
  expect(refusal(await send2025(elsewhere.handler(), 'tasks/result', { taskId }))).toMatch(
    /no namespace of the configured name/,
  );
  await elsewhere.close();
  await client.workflow.getHandle(taskId).terminate();
});
