/** Which checks count as passed. */
import { expect, it } from 'vitest';
import { exceptionsIn } from './exceptions.js';
import { scenariosIn } from './scenarios.js';
import { judge, unused } from './verdict.js';

const known = { scenario: 's', check: 'known', reason: 'because' };

it.each([
  ['a success', [{ id: 'a', status: 'SUCCESS' }], { passed: 1, exceptions: [], failures: [] }],
  [
    'a failure',
    [{ id: 'a', status: 'FAILURE', errorMessage: 'no' }],
    { passed: 0, exceptions: [], failures: ['FAILURE a: no'] },
  ],
  ['a warning', [{ id: 'a', status: 'WARNING' }], { passed: 0, exceptions: [], failures: ['WARNING a'] }],
  [
    'a skipped check',
    [{ id: 'a', status: 'SKIPPED', errorMessage: 'no such tool' }],
    { passed: 0, exceptions: [], failures: ['SKIPPED a: no such tool'] },
  ],
  [
    'a known exception',
    [
      { id: 'known', status: 'SKIPPED' },
      { id: 'a', status: 'SUCCESS' },
      { id: 'b', status: 'INFO' },
    ],
    { passed: 1, exceptions: [known], failures: [] },
  ],
  ['a scenario without checks', [], { passed: 0, exceptions: [], failures: ['it ran no checks'] }],
])('%s', (_, checks, verdict) => {
  expect(judge({ name: 's' }, checks, [known])).toEqual(verdict);
});

it('an exception is for its own scenario only, and one that nothing needs is out of date', () => {
  const checks = [{ id: 'known', status: 'FAILURE' }];
  const verdict = judge({ name: 'other' }, checks, [known]);
  expect(verdict).toEqual({ passed: 0, exceptions: [], failures: ['FAILURE known'] });
  expect(unused([known], [{ name: 'other', version: '2026-07-28', checks, verdict }])).toEqual([known]);
});

it('exceptions are read with the reasons above them', () => {
  const yaml = 'server:\n  # No such feature:\n  # optional.\n  - one:check\n  # The suite is wrong.\n  - two\n';
  expect(exceptionsIn(yaml)).toEqual([
    { scenario: 'one', check: 'check', reason: 'No such feature: optional.' },
    { scenario: 'two', check: undefined, reason: 'The suite is wrong.' },
  ]);
  expect(() => exceptionsIn('server:\n  # a reason\n  - one\n  - two\n')).toThrow('two needs a reason');
});

it('a scenario runs in each version that it applies to and the fixture serves', () => {
  const list = 'Server scenarios (test against a server):\n  - ping [2025-06-18,2025-11-25]\n  - tasks [extension]\n';
  expect(scenariosIn(list)).toEqual([
    { name: 'ping', version: '2025-11-25' },
    { name: 'tasks', version: '2026-07-28' },
  ]);
  expect(() => scenariosIn('nothing')).toThrow('lists no scenarios');
});
