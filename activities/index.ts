/** The activities of the shipped workflows. @module */
export { loadDatasetActivities } from './load-dataset/index.js';
