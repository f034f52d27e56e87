/** What workflow code imports: `mcp-tasks-temporal/workflow`. Safe in the workflow sandbox. @module */
export { task } from './task.js';
export type { ElicitAnswer, ElicitRequest } from './inputs.js';
export { TaskError, ToolError } from '../tool/errors.js';
