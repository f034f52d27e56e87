/** Every test of the suite fails on a server that breaks only its rule. Run by `npm run test:mutants`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { people, startSuiteServer } from '../../test/helpers/suite-server.js';
import { hosts, mutants } from './mutants/index.js';
import { startProxy } from './mutants/proxy.js';
import { rules } from './rules/index.js';
import { runTest } from './suite/run.js';
import { tests } from './tests/index.js';

let server: Awaited<ReturnType<typeof startSuiteServer>>;
beforeAll(async () => {
  server = await startSuiteServer();
});
afterAll(async () => await server.close());

it('every test has a mutant', () => {
  expect(Object.keys(mutants).sort()).toEqual(Object.keys(tests).sort());
});

describe.concurrent.each(rules.filter(({ id }) => id in tests))('$id: $sentence', ({ id }) => {
  it('fails on the server that breaks the rule', { timeout: 90_000 }, async () => {
    const mutant = mutants[id];
    if (!mutant) throw new Error(`${id} has no mutant`);
    const proxy = await startProxy(server.url, mutant(), hosts[id]);
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
