/** The shipped workflows' steps. @module */
export { loadDatasetActivities } from './load-dataset/index.js';
