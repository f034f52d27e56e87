/**
 * Where the failure converter is, and how to recognize a workflow bundle that contains it. It is a file of its own,
 * failure-converter.cjs.
 * @module
 */
import { fileURLToPath } from 'node:url';

export const FAILURE_CONVERTER = fileURLToPath(new URL('failure-converter.cjs', import.meta.url));
/** A string in that file. */
export const FAILURE_CONVERTER_MARK = 'mcp-tasks-temporal: encoded failures';
