/** The exports for workflow code: `mcp-tasks-temporal/workflow`. Safe in the workflow sandbox. @module */
export { task } from './task.js';
export type { InputOptions } from './inputs.js';
export type { SampleAnswer } from '../task/answer.js';
export type { ElicitAnswer, FormRequest } from '../task/form.js';
export type { SampleRequest, UrlRequest } from './questions.js';
export { InputUnavailableError, TaskError, ToolError } from '../tool/errors.js';
