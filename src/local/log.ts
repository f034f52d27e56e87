/**
 * Structured logs on stderr, because the stdio transport needs stdout for the protocol. Arguments and results are never
 * logged.
 * @module
 */
import { pino } from 'pino';

/** The logger that this package writes to. A pino logger fits. */
export interface Logger {
  /** Logs a detail. */
  debug(fields: object, message: string): void;
  /** Logs an event. */
  info(fields: object, message: string): void;
  /** Logs a problem that the process can handle. */
  warn(fields: object, message: string): void;
  /** Logs a failure. */
  error(fields: object, message: string): void;
}

/** Returns a logger that writes JSON lines to stderr. `MCP_TASKS_LOG_LEVEL` sets its level. @default 'info' */
export function stderrLogger(): Logger {
  return pino(
    { level: process.env['MCP_TASKS_LOG_LEVEL'] ?? 'info', base: { name: 'mcp-tasks-temporal' } },
    pino.destination({ dest: 2, sync: true }),
  );
}
