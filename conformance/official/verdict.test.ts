/** Which checks count as passed. */
import { expect, it } from 'vitest';
import { judge } from './verdict.js';

const known = new Set(['known']);

it.each([
  ['a success', [{ id: 'a', status: 'SUCCESS' }], { passed: 1, skipped: 0, failures: [] }],
  [
    'a failure',
    [{ id: 'a', status: 'FAILURE', errorMessage: 'no' }],
    { passed: 0, skipped: 0, failures: ['FAILURE a: no'] },
  ],
  ['a warning', [{ id: 'a', status: 'WARNING' }], { passed: 0, skipped: 0, failures: ['WARNING a'] }],
  [
    'a skipped check',
    [{ id: 'a', status: 'SKIPPED', errorMessage: 'no such tool' }],
    { passed: 0, skipped: 0, failures: ['SKIPPED a: no such tool'] },
  ],
  [
    'a check that the suite always skips',
    [{ id: 'known', status: 'SKIPPED' }],
    { passed: 0, skipped: 1, failures: [] },
  ],
  [
    'a failure of a check that the suite always skips',
    [{ id: 'known', status: 'FAILURE' }],
    { passed: 0, skipped: 0, failures: ['FAILURE known'] },
  ],
  ['a scenario without checks', [], { passed: 0, skipped: 0, failures: ['it ran no checks'] }],
])('%s', (_, checks, verdict) => {
  expect(judge(checks, known)).toEqual(verdict);
});
