/** What is said about answers to forms. */
import { expect, it } from 'vitest';
import { formProblem, formSchemaProblem } from '../../src/task/form.js';

it('is short, even if the answer has a very long name', () => {
  const answer = { action: 'accept', content: { ['k'.repeat(1_000_000)]: 1 } };
  const problem = formProblem(answer, { type: 'object', additionalProperties: false });
  expect(problem).toMatch(/^k+…: is not allowed here$/);
  expect(problem?.length).toBeLessThan(400);
});

it('lists several problems, each with its place', () => {
  const properties = { rows: { type: 'integer' }, day: { type: 'string', format: 'date' } };
  const schema = { type: 'object', properties, required: ['name'] };
  expect(formProblem({ action: 'accept', content: { rows: 'x', day: 'soon' } }, schema)).toBe(
    'the answer: Instance does not have required property "name"; ' +
      'rows: Instance type "string" is invalid. Expected "integer"; day: String does not match format "date"',
  );
});

it('refuses a pattern that cannot be matched in linear time, and still checks the answers of earlier tasks with it', () => {
  const requestedSchema = { type: 'object', properties: { code: { type: 'string', pattern: '^(?=a)b?a$' } } };
  expect(formSchemaProblem({ message: 'Code?', requestedSchema })).toMatch(
    /^the requestedSchema of this question cannot be used: the pattern "\^\(\?=a\)b\?a\$": .*lookahead/,
  );
  expect(formProblem({ action: 'accept', content: { code: 'a' } }, requestedSchema)).toBeUndefined();
  expect(formProblem({ action: 'accept', content: { code: 'b' } }, requestedSchema)).toBe(
    'code: String does not match pattern',
  );
  expect(formSchemaProblem({ message: 'Code?', requestedSchema: { properties: { a: { pattern: '^(a+)+$' } } } })).toBe(
    undefined,
  );
});
