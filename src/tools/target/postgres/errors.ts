/** PostgreSQL's errors: which are worth another attempt, and what a person may read of them. Pure. @module */
import { ApplicationFailure } from '@temporalio/common';
import { ToolError } from '../../../tool/errors.js';

/** The type of a retryable failure: the database is away, restarting, full up, or something is locked. */
export const DATABASE_UNAVAILABLE = 'DatabaseUnavailable';

// https://www.postgresql.org/docs/current/errcodes-appendix.html
// 08 connection, 40 rolled back (deadlock, serialization), 53 resources, 57P operator (restart, terminated), 58 system.
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

/** What a driver says of a login or an encryption that will not do, without a code or with one of Node's. */
const LOGIN = /^SASL|SSL|TLS|certificate/i;

const HINTS: Readonly<Record<string, string>> = {
  '28P01': 'it refused the user name or password',
  '28000': 'it refused the login',
  '3D000': 'the server has no database of this name',
  '42501': 'the user may not do this',
  ENOTFOUND: 'the host was not found',
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
 * The error to throw: retryable where {@link isTransient}, a `ToolError` for any other answer of the database or the
 * network, the error itself where it is neither. Carries no cause: what a driver attaches may hold the connection's parameters.
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
  // A network error's own message holds the address; its code says as much.
  if (code !== undefined && !SQLSTATE.test(code)) return hint ?? `connection lost (${code})`;
  const text = hint === undefined ? message : `${hint} (${message})`;
  return code === undefined ? text : `${text} [${code}]`;
}

const COPY_PLACE = /^COPY \S+, line (\d+)(?:, column (.+?))?(?:: "([\s\S]*)")?$/;

/** Where in the data a `COPY` failed: the line, from 1 within the chunk, and the column. */
export function copyPlace(error: unknown): { line: number; column?: string } | undefined {
  const where = (error as { where?: unknown }).where;
  const match = typeof where === 'string' ? COPY_PLACE.exec(where.split('\n').at(-1) ?? '') : null;
  if (!match) return undefined;
  return { line: Number(match[1]), ...(match[2] === undefined ? {} : { column: match[2] }) };
}
