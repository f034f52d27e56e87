/**
 * The shipped workflows: `mcp-tasks-temporal/workflows`. If you run your own Worker, add them to its bundle: put
 * `export * from 'mcp-tasks-temporal/workflows';` in your workflows file.
 * @module
 */
export { mcpAskFirst } from './ask-first.js';
export { mcpToolTask } from './tool-task.js';
export { loadDataset } from './load-dataset.js';
export { loadDatasetCleanup } from './load-dataset-cleanup.js';
