/** How refused answers to the questions of existing workflows are counted. */
import { expect, it } from 'vitest';
import { Refusals } from '../../src/mcp/push/refusals.js';
import type { Task } from '../../src/task/task.js';

const task: Task = {
  id: 't',
  tool: 'load',
  createdAt: 0,
  updatedAt: 0,
  ttl: null,
  inputs: { 'go-1': { method: 'elicitation/create', params: {} } },
  steps: [],
};

it('pauses grow and are bounded, and a session is asked no more after five', () => {
  const refusals = new Refusals();
  const pauses = Array.from({ length: 5 }, () => refusals.add('t', 'go-1', 'one', 'said: missing'));
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  expect(refusals.asks('t', 'go-1', 'one')).toBe(false);
  expect(refusals.asks('t', 'go-1', 'another')).toBe(true);
  expect(refusals.asks('t', 'go-1', undefined)).toBe(true);
  expect(refusals.asks('t', 'go-2', 'one')).toBe(true);
  const more = Array.from({ length: 50 }, () => refusals.add('t', 'go-1', undefined, 'said: missing'));
  expect(Math.max(...more)).toBe(15 * 60_000);
});

it('the status says how many answers to an open question were refused, why, and what to do', () => {
  const refusals = new Refusals();
  expect(refusals.noted(task)).toBe(task);
  refusals.add('t', 'go-1', 'one', 'said: missing');
  expect(refusals.noted({ ...task, message: 'deciding' }).message).toBe(
    'deciding · an answer was not accepted: said: missing',
  );
  for (let times = 0; times < 4; times++) refusals.add('t', 'go-1', 'one', 'said: missing');
  expect(refusals.noted(task).message).toBe(
    '5 answers were not accepted: said: missing. A client is not asked again after five such answers: answer from another session, or cancel the task',
  );
  expect(refusals.noted({ ...task, inputs: {} }).message).toBeUndefined();
});
