/** References from the 2026-07-28 rules to tests, and how their results are read. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { rules } from '../2026-07-28/index.js';
import { hasPassed, ownTest } from './own-tests.js';

const references = [...new Set(rules.flatMap(({ own = [] }) => own))];

it('every rule names its tests, or says why it has none', () => {
  for (const { id, official = [], own = [], untested } of rules)
    expect(official.length + own.length > 0, id).toBe(untested === undefined);
});

it.each(references)('the test exists: %s', async (reference) => {
  const { file, titles } = ownTest(reference);
  const source = await readFile(resolve(file), 'utf8');
  for (const title of titles) expect(source).toContain(`'${title}'`);
});

it('the README has the same figures as docs/conformance.md', async () => {
  const [figures = 'no figures'] =
    /^\d+ rules: .*$/m.exec(await readFile(resolve('docs/conformance.md'), 'utf8')) ?? [];
  expect(await readFile(resolve('README.md'), 'utf8')).toContain(figures);
});

const report = (...tests: [title: string, status: string][]) => ({
  testResults: [
    {
      name: resolve('test/a/b.test.ts'),
      assertionResults: tests.map(([title, status]) => ({ ancestorTitles: ['suite 1'], title, status })),
    },
  ],
});

it('a parameterized test has passed if it passed for all its parameters', () => {
  expect(
    hasPassed(
      'test/a/b > suite %s > is (%j)',
      report(['is (1)', 'passed'], ['is (2)', 'passed'], ['is not', 'failed']),
    ),
  ).toBe(true);
  expect(hasPassed('test/a/b > suite %s > is (%j)', report(['is (1)', 'passed'], ['is (2)', 'failed']))).toBe(false);
  expect(hasPassed('test/a/b > suite 1 > is', report(['is', 'pending']))).toBe(false);
  expect(hasPassed('test/a/b > is', report(['is', 'passed'], ['is', 'skipped']))).toBe(true);
  for (const none of ['test/a/b > is', 'test/a/b > suite 1 > is', 'test/a/c > suite 1 > is (1)'])
    expect(() => hasPassed(none, report(['is (1)', 'passed']))).toThrow(none);
});
