/** Decides which PostgreSQL errors to retry and what people may see of them. Pure. @module */
import { ApplicationFailure } from '@temporalio/common';
import { ToolError } from '../../../tool/errors.js';

/** The type of a retryable failure: the database is unreachable, restarting or out of resources, or a lock is held. */
export const DATABASE_UNAVAILABLE = 'DatabaseUnavailable';

// https://www.postgresql.org/docs/current/errcodes-appendix.html
// 08 connection, 40 rollback (deadlock, serialization), 53 resources, 57P operator (restart, termination), 58 system,
// 55P03 lock not available, 57014 query canceled.
const TRANSIENT_STATE = /^(08|40|53|57P|58|55P03|57014)/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
const TRANSIENT_NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EAI_AGAIN',
]);
const LOST = /^(Connection terminated|timeout expired|Client has encountered a connection error|Client was closed)/;

/** Driver messages about a failed login or TLS handshake, which have no code or one of Node's. */
const LOGIN = /^SASL|SSL|TLS|certificate/i;

const HINTS: Readonly<Record<string, string>> = {
  '28P01': 'wrong user name or password',
  '28000': 'login refused',
  '3D000': 'the server has no database with this name',
  '42501': 'the database user lacks a permission',
  ENOTFOUND: 'host not found',
};

interface PostgresError extends Error {
  readonly code?: string;
}

export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '', message } = error as PostgresError;
  if (TRANSIENT_NETWORK.has(code)) return true;
  return code ? SQLSTATE.test(code) && TRANSIENT_STATE.test(code) : LOST.test(message);
}

/**
 * Returns the error to throw: a retryable failure if {@link isTransient}, a `ToolError` for any other known error of
 * the database or the network, else the error itself. New errors have no cause, because the driver may attach
 * connection parameters to its own.
 */
export function postgresError(database: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ApplicationFailure) return error;
  const { code, message } = error as PostgresError;
  if (isTransient(error))
    return ApplicationFailure.retryable(`database "${database}": ${describe(code, message)}`, DATABASE_UNAVAILABLE);
  const known = code !== undefined && (SQLSTATE.test(code) || code in HINTS);
  if (!known && LOGIN.test(message)) return new ToolError(`database "${database}": ${message}`);
  if (!known) return error;
  return new ToolError(`database "${database}": ${describe(code, message)}`);
}

function describe(code: string | undefined, message: string): string {
  const hint = code === undefined ? undefined : HINTS[code];
  // A network error's own message contains the address; its code is informative enough.
  if (code !== undefined && !SQLSTATE.test(code)) return hint ?? `connection failed (${code})`;
  const text = hint === undefined ? message : `${hint} (${message})`;
  return code === undefined ? text : `${text} [${code}]`;
}

const COPY_PLACE = /^COPY \S+, line (\d+)(?:, column (.+?))?(?:: "([\s\S]*)")?$/;

/** Finds where in the data a `COPY` failed: the line, from 1 within the chunk, and the column. */
export function copyPlace(error: unknown): { line: number; column?: string } | undefined {
  const where = (error as { where?: unknown }).where;
  const match = typeof where === 'string' ? COPY_PLACE.exec(where.split('\n').at(-1) ?? '') : null;
  if (!match) return undefined;
  return { line: Number(match[1]), ...(match[2] === undefined ? {} : { column: match[2] }) };
}
