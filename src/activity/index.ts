/** The exports for activity code: `mcp-tasks-temporal/activity`. @module */
export { step } from './step.js';
export type { StepContext } from '../task/step-context.js';
export { TaskError, ToolError } from '../tool/errors.js';
