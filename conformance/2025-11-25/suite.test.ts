/** Every test of the suite passes on our server. `mutants.test.ts` shows that each can fail. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { people, startSuiteServer } from '../../test/helpers/suite-server.js';
import { rules } from './rules/index.js';
import { runTest } from './suite/run.js';
import { tests } from './tests/index.js';

/** Rules about optional features. Their tests are skipped if the server does not use the feature. */
const OPTIONAL = /^(notifications|progress|resume|session|listen-6|send-1[03])/;

let server: Awaited<ReturnType<typeof startSuiteServer>>;
beforeAll(async () => {
  server = await startSuiteServer();
});
afterAll(async () => await server.close());

it('every rule has one test, restates a tested rule, or says why it cannot be tested', () => {
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  for (const { id, sameAs, untested } of rules)
    expect(
      [id in tests, sameAs !== undefined && sameAs in tests, untested !== undefined].filter(Boolean),
      id,
    ).toHaveLength(1);
  expect(Object.keys(tests).filter((id) => !rules.some((rule) => rule.id === id))).toEqual([]);
});

describe.concurrent.each(rules.filter(({ id }) => id in tests))('$id: $sentence', ({ id }) => {
  it('passes on our server', { timeout: 90_000 }, async () => {
    const { status, message } = await runTest(id, { url: server.url, ...people(id) });
    if (OPTIONAL.test(id) && status === 'skipped') return;
    expect(status, message).toBe('passed');
  });
});
