/** @module */
import { createRequire } from 'node:module';

/** The package's version, from its own manifest. */
export const { version } = createRequire(import.meta.url)('mcp-tasks-temporal/package.json') as { version: string };
