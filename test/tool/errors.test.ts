import { expect, test } from 'vitest';
import { InputUnavailableError, TaskError, ToolError } from '../../src/index.js';

test('the failure types in histories do not depend on class names', () => {
  expect(new ToolError('m').type).toBe('ToolError');
  expect(new TaskError(-32001, 'm').type).toBe('TaskError');
  expect(new InputUnavailableError('m').type).toBe('InputUnavailable');
});
