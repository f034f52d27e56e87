/**
 * The shipped workflows: `mcp-tasks-temporal/workflows`. A Worker of your own needs them in its bundle:
 * `export * from 'mcp-tasks-temporal/workflows';` in your workflows file.
 * @module
 */
export { mcpAskFirst } from './ask-first.js';
export { mcpToolTask } from './tool-task.js';
export { loadDataset } from './load-dataset.js';
export { loadDatasetCleanup } from './load-dataset-cleanup.js';
