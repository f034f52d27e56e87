/** The 2025-11-25 conformance suite against v1 servers, without affinity and on the SDK's own sessions. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serveHttp } from '../../src/mcp/http/node-server.js';
import type { HttpServer } from '../../src/mcp/http/node-server.js';
import { DurableTasks, type FetchHandler } from '../../src/sdk/index.js';
import { tools } from '../../conformance/fixture/tools.js';
import { runAll } from '../../conformance/2025-11-25/suite/run.js';
import { v1Server } from '../helpers/adapters.js';
import { trustBearers } from '../helpers/bearers.js';
import { startStackOf, type Stack } from '../helpers/stack.js';
import { sessionful } from '../helpers/sdk-sessions.js';

let stack: Stack<DurableTasks>;
beforeAll(async () => {
  stack = await startStackOf(DurableTasks, tools, { pollInterval: '200 ms', resultRetention: '1 second' });
  const workflowsPath = fileURLToPath(new URL('../../conformance/fixture/workflows.ts', import.meta.url));
  await stack.startWorker({
    workflowsPath,
    maxHeartbeatThrottleInterval: '200 ms',
    defaultHeartbeatThrottleInterval: '200 ms',
  });
});
afterAll(async () => await stack.close());

/** Runs the suite. @returns the message of each failure by rule */
async function failures(handler: FetchHandler): Promise<Record<string, string | undefined>> {
  const server: HttpServer = await serveHttp(trustBearers(handler), { port: 0 });
  const results = await runAll({ url: new URL(server.url), token: 'ann', otherToken: 'bob' }, () => undefined);
  await server.close();
  return Object.fromEntries(
    results.filter(({ status }) => status === 'failed').map(({ id, message }) => [id, message]),
  );
}

it('passes the suite without session affinity', async () => {
  expect(await failures(stack.tasks.handler(v1Server))).toEqual({});
}, 120_000);

it('passes the suite on the SDK’s own sessions', async () => {
  const attached = () => {
    const mcp = v1Server();
    stack.tasks.attach(mcp);
    return mcp;
  };
  // The SDK's transport does not begin to answer a GET until it has something to send.
  const endpoint = sessionful(attached, { keepAliveMs: 50 });
  // The SDK's transport answers every request with a stream, even `tasks/get`.
  expect(await failures({ ...endpoint, close: async () => {} })).toEqual({
    'input-2': 'tasks/get was answered with an SSE stream',
  });
}, 120_000);
