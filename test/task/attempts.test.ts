/** Which attempts of a step count. */
import { expect, it } from 'vitest';
import { begin, failuresBefore, nextCall, stepId, type Attempt } from '../../src/task/attempts.js';
import type { AttemptRecord, HeartbeatDetails } from '../../src/task/progress.js';
import type { StepCall } from '../../src/task/step-call.js';

const first: StepCall = { mcpStep: 1 };
const HOUR = 3_600_000;

function left(record: Partial<AttemptRecord>): HeartbeatDetails {
  return { mcpTask: 1, changedAt: 0, checkpoint: 7, attempt: { number: 2, startedAt: 0, passed: false, ...record } };
}
function attempt(number: number, heartbeat: unknown, more: Partial<Attempt> = {}): Attempt {
  return { attempt: number, maximumAttempts: 5, heartbeat, scheduledAt: 1, startToClose: HOUR, ...more };
}

it.each<[string, StepCall, Attempt, object]>([
  ['the first attempt', first, attempt(1, undefined), { starts: 0, failures: 0, handBack: false }],
  [
    'after a failure',
    first,
    attempt(2, left({ failed: true, lastFailure: 'no' })),
    { starts: 1, failures: 1, lastFailure: 'no', handBack: false },
  ],
  [
    'after a failure of an attempt that had passed the highest point',
    first,
    attempt(2, left({ failed: true, passed: true })),
    { failures: 1, handBack: false },
  ],
  ['after a lost worker, without news', first, attempt(3, left({})), { starts: 2, failures: 2, handBack: false }],
  [
    'after a worker that was lost before its first heartbeat',
    first,
    attempt(2, undefined),
    { failures: 1, handBack: false },
  ],
  [
    'after a lost worker, past the highest point',
    first,
    attempt(3, left({ passed: true })),
    { starts: 2, failures: 1, handBack: true },
  ],
  [
    'the same without a limit, where nothing needs to be given back',
    first,
    attempt(3, left({ passed: true }), { maximumAttempts: 0 }),
    { handBack: false },
  ],
  [
    'after a timeout of the attempt',
    first,
    attempt(3, left({ passed: true }), { scheduledAt: HOUR }),
    { failures: 2, handBack: false },
  ],
  [
    'after the heartbeat of an activity that is not a step',
    first,
    attempt(2, { progress: 3 }),
    { failures: 1, handBack: false },
  ],
  [
    'scheduled again, first attempt',
    { mcpStep: 1, starts: 8, failures: 2, lastFailure: 'no', details: left({}) },
    attempt(1, undefined),
    { starts: 8, failures: 2, lastFailure: 'no', details: left({}), handBack: false },
  ],
  [
    'scheduled again, second attempt',
    { mcpStep: 1, starts: 8, failures: 2, details: left({ number: 1 }) },
    attempt(2, left({ failed: true })),
    { starts: 9, failures: 3, details: left({ failed: true }) },
  ],
  [
    'found by a worker that has it',
    { mcpStep: 1, starts: 3, failures: 2, waiting: true },
    attempt(9, undefined),
    { starts: 3, failures: 2, handBack: true },
  ],
])('%s', (_, call, now, expected) => {
  const begun = begin(call, now);
  expect(begun).toMatchObject(expected);
  expect(begun.waiting).toBeUndefined();
});

it.each<[string, object, object | undefined]>([
  ['has failed for good', {}, undefined],
  ['was interrupted', { interrupted: { mcpStep: 1, failures: 2 } }, { mcpStep: 1, failures: 2 }],
  ['failed with another error of this type', { interrupted: 'odd' }, undefined],
  ['was lost with its last attempt, without news', { lost: left({}) }, undefined],
  ['failed with its last attempt', { lost: left({ passed: true, failed: true }) }, undefined],
  [
    'was lost with its last attempt, past the highest point',
    { lost: left({ passed: true, lastFailure: 'no' }) },
    { mcpStep: 1, starts: 2, failures: 4, lastFailure: 'no', details: left({ passed: true, lastFailure: 'no' }) },
  ],
  ['was lost, and is not one of our steps', { lost: 50 }, undefined],
])('a step that %s is scheduled with %s', (_, ended, expected) => {
  expect(nextCall(5, ended)).toEqual(expected);
});

it('the ID of a step that is scheduled again says how often it has failed', () => {
  expect(failuresBefore(stepId({ mcpStep: 1, failures: 3 }, 'u'))).toBe(3);
  expect(['5', 'mine', undefined, null].map(failuresBefore)).toEqual([0, 0, 0, 0]);
});
