/** What counts as progress in heartbeat details, whichever code sent them. */
import { expect, it } from 'vitest';
import { advance, progressOfHeartbeat } from '../../src/task/progress.js';

it.each([
  [[3], { progress: 3 }],
  [[3, 4], { progress: 3, total: 4 }],
  [[3, 'rows'], { progress: 3 }],
  [[{ progress: 3, total: 4, message: 'rows', other: true }], { progress: 3, total: 4, message: 'rows' }],
  [[{ mcpTask: 1, changedAt: 5, progress: { progress: 3 } }], { progress: 3 }],
  [[{ mcpTask: 1, changedAt: 5 }], undefined],
  [[{ progress: '3' }], undefined],
  [['a.csv', 3], undefined],
  [[], undefined],
])('heartbeat details %j are read as progress %j', (details, progress) => {
  expect(progressOfHeartbeat(details)).toEqual(progress);
});

it.each([null, 5, { text: 'rows' }, Symbol('rows'), new Error('rows')])(
  'a report whose message is not text has none: %s',
  (message) => {
    expect(advance(undefined, 1, 2, message as unknown as string)).toEqual({ progress: 1, total: 2 });
  },
);
