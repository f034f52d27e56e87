/**
 * Structured logs on stderr, because the stdio transport needs stdout for the protocol. Arguments and results are never
 * logged.
 * @module
 */
import { createRequire } from 'node:module';
import { McpTasksError } from '../task/errors.js';

type Pino = typeof import('pino');

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

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * Returns a logger that writes JSON lines to stderr. `MCP_TASKS_LOG_LEVEL` sets its level. Loads the library that does
 * so with the first line, because a program with a logger of its own does not need it.
 *
 * @default 'info'
 * @throws McpTasksError `CONFIGURATION` if there is no such level
 */
export function stderrLogger(): Logger {
  const level = process.env['MCP_TASKS_LOG_LEVEL'] || 'info';
  if (!LEVELS.includes(level))
    throw new McpTasksError(
      'CONFIGURATION',
      `MCP_TASKS_LOG_LEVEL: expected debug, info, warn or error, not ${JSON.stringify(level)}`,
    );
  let made: Logger | undefined;
  const line =
    (at: keyof Logger) =>
    (fields: object, message: string): void => {
      if (LEVELS.indexOf(at) < LEVELS.indexOf(level)) return;
      made ??= pinoLogger(level);
      made[at](fields, message);
    };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

function pinoLogger(level: string): Logger {
  const { pino } = createRequire(import.meta.url)('pino') as Pino;
  return pino({ level, base: { name: 'mcp-tasks-temporal' } }, pino.destination({ dest: 2, sync: true }));
}
