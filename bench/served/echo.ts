/** A module with one tool, for the command `serve`. @module */
import { tools as all } from './tools.js';

export const tools = all.filter(({ name }) => name === 'echo');
