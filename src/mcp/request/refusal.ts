/** HTTP answers to requests that are refused before an SDK sees them. @module */
import { InvalidToken, RPC, type LimitExceeded, type RpcFault } from '../../protocol/errors.js';
import type { TooLarge } from './body.js';

export function failure(
  status: number,
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = status === 503 ? { 'retry-after': '1' } : {},
): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status, headers });
}

/** The answer to a request that a limit refuses. */
export function limitReached({ code, message, data }: LimitExceeded, id: unknown = null): Response {
  return Response.json(
    { jsonrpc: '2.0', id, error: { code, message, data } },
    { status: 429, headers: { 'retry-after': retryAfter(data.retryAfterMs) } },
  );
}

/** The answer to a request with a body that is too large. */
export function bodyTooLarge({ message, id }: TooLarge): Response {
  return Response.json({ jsonrpc: '2.0', id, error: { code: RPC.serverError, message } }, { status: 413 });
}

/** Returns the header's value: whole seconds. */
export function retryAfter(milliseconds: number): string {
  return String(Math.ceil(milliseconds / 1_000));
}

/** The answer to a request that names a session that does not exist or belongs to someone else. */
export function unknownSession(): Response {
  return failure(404, -32001, 'Session not found');
}

/** The answer to a request whose owner cannot be determined. */
export function unknownOwner(fault: RpcFault): Response {
  if (!(fault instanceof InvalidToken)) return failure(500, fault.code, fault.message);
  return failure(401, RPC.serverError, fault.message, {
    'www-authenticate': `Bearer error="invalid_token", error_description="${fault.message}"`,
  });
}
