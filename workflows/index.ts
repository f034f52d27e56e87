/**
 * The workflows that every tool needs: `mcp-tasks-temporal/workflows`. If you have a workflows file of your own, put
 * `export * from 'mcp-tasks-temporal/workflows';` in it.
 * @module
 */
export { mcpAskFirst } from './ask-first.js';
export { mcpCommandKey } from './command-key.js';
export { mcpCommandTask } from './command-task.js';
export { mcpJanitor } from './janitor.js';
export { mcpTaskTtl } from './task-ttl.js';
export { mcpReadTaskFile } from './read-task-file.js';
export { mcpShortToolTask, mcpToolTask } from './tool-task.js';
