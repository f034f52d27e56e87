/** What is said about answers to forms. */
import { expect, it } from 'vitest';
import { formProblem } from '../../src/task/form.js';

it('is short, even if the answer has a very long name', () => {
  const answer = { action: 'accept', content: { ['k'.repeat(1_000_000)]: 1 } };
  const problem = formProblem(answer, { type: 'object', additionalProperties: false });
  expect(problem).toMatch(/^k+…$/);
  expect(problem?.length).toBeLessThan(400);
});
