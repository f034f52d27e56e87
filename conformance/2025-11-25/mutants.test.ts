/** Every test passes on our server, and fails on a server that breaks only its rule. */
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveHttp } from '../../src/server/serve-http.js';
import type { HttpServer } from '../../src/mcp/http/node-server.js';
import { tools } from '../fixture/tools.js';
import { trustBearers } from '../../test/helpers/bearers.js';
import { startStack, type Stack } from '../../test/helpers/stack.js';
import { hosts, mutants } from './mutants/index.js';
import { startProxy } from './mutants/proxy.js';
import { rules } from './rules/index.js';
import { runTest } from './suite/run.js';
import { tests } from './tests/index.js';

/** Rules about optional features. Their tests are skipped if the server does not use the feature. */
const OPTIONAL = /^(notifications|progress|resume|session|listen-6|send-1[03])/;

let stack: Stack;
let server: HttpServer;
let url: URL;
beforeAll(async () => {
  stack = await startStack(tools, { pollInterval: '200 ms' });
  const workflowsPath = fileURLToPath(new URL('../fixture/workflows.ts', import.meta.url));
  await stack.startWorker({
    workflowsPath,
    maxHeartbeatThrottleInterval: '200 ms',
    defaultHeartbeatThrottleInterval: '200 ms',
  });
  server = await serveHttp(trustBearers(stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }))), {
    port: 0,
  });
  url = new URL(server.url);
});
afterAll(async () => {
  await server.close();
  await stack.close();
});

/** Returns two requestors for this test alone, so that tests do not see each other's lists. */
const people = (test: string) => ({ token: `ann-${test}`, otherToken: `bob-${test}` });

it('every rule has one test, restates a tested rule, or says why it cannot be tested', () => {
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  for (const { id, sameAs, untested } of rules)
    expect(
      [id in tests, sameAs !== undefined && sameAs in tests, untested !== undefined].filter(Boolean),
      id,
    ).toHaveLength(1);
  expect(Object.keys(tests).filter((id) => !rules.some((rule) => rule.id === id))).toEqual([]);
  expect(Object.keys(mutants).sort()).toEqual(Object.keys(tests).sort());
});

describe.concurrent.each(rules.filter(({ id }) => id in tests))('$id: $sentence', ({ id }) => {
  it('passes on our server', { timeout: 90_000 }, async () => {
    const { status, message } = await runTest(id, { url, ...people(id) });
    if (OPTIONAL.test(id) && status === 'skipped') return;
    expect(status, message).toBe('passed');
  });

  it('fails on the server that breaks the rule', { timeout: 90_000 }, async () => {
    const mutant = mutants[id];
    if (!mutant) throw new Error(`${id} has no mutant`);
    const proxy = await startProxy(url, mutant(), hosts[id]);
    try {
      const { status, message } = await runTest(id, { url: proxy.url, ...people(`mutant-${id}`) });
      expect(status, message).toBe('failed');
      // It must fail because of what it tests, not because of a bug in the suite.
      expect(message).not.toMatch(/^\w*Error:/);
    } finally {
      await proxy.close();
    }
  });
});
