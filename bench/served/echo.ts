/** A module with one tool, for the command `serve`. @module */
import { functionTools } from './tools.js';

export const tools = functionTools.filter(({ name }) => name === 'echo');
