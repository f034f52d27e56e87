/** Structured logs, on stderr, so that stdio's stdout stays the protocol's. Arguments and results are never logged. @module */
import { pino } from 'pino';

/** What this package logs through; a pino logger is one. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** JSON lines on stderr; `MCP_TASKS_LOG_LEVEL` sets the level. @default 'info' */
export function stderrLogger(): Logger {
  return pino(
    { level: process.env['MCP_TASKS_LOG_LEVEL'] ?? 'info', base: { name: 'mcp-tasks-temporal' } },
    pino.destination({ dest: 2, sync: true }),
  );
}
