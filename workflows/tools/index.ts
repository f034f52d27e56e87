/**
 * The workflows of the reference tools, with those that every tool needs: `mcp-tasks-temporal/tools/workflows`. If your
 * own Worker runs the reference tools, put `export * from 'mcp-tasks-temporal/tools/workflows';` in your workflows
 * file.
 * @module
 */
export * from '../index.js';
export { loadDataset } from './load-dataset.js';
export { loadDatasetCleanup } from './load-dataset-cleanup.js';
