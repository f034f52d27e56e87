/** This project's server with the tools of the 2025-11-25 conformance suite. @module */
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/server';
import { serveHttp } from '../../src/mcp/http/node-server.js';
import { trustBearers } from './bearers.js';
import { startStack } from './stack.js';
import { tools } from '../../conformance/fixture/tools.js';

const workflowsPath = fileURLToPath(new URL('../../conformance/fixture/workflows.ts', import.meta.url));

/** Starts the server, with a worker, on the tests' Temporal. It accepts every token. */
export async function startSuiteServer(): Promise<{ url: URL; close(): Promise<void> }> {
  const stack = await startStack(tools, { pollInterval: '200 ms', resultRetention: '1 second' });
  await stack.startWorker({
    workflowsPath,
    maxHeartbeatThrottleInterval: '200 ms',
    defaultHeartbeatThrottleInterval: '200 ms',
  });
  const handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
  const server = await serveHttp(trustBearers(handler), { port: 0 });
  return {
    url: new URL(server.url),
    async close() {
      await server.close();
      await stack.close();
    },
  };
}

/** Returns tokens of two requestors for one test alone, so that tests do not see each other's lists. */
export const people = (test: string): { token: string; otherToken: string } => ({
  token: `ann-${test}`,
  otherToken: `bob-${test}`,
});
