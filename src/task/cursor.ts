/**
 * List cursors: Temporal's page token, signed and bound to its owner, so that a forged or garbled cursor never reaches
 * Temporal.
 * @module
 */
import { McpTasksError } from './errors.js';
import type { Keyring } from './keyring.js';

export function sealCursor(keys: Keyring, owner: string, token: Uint8Array): string {
  const body = Buffer.from(token).toString('base64url');
  return `${body}.${keys.sign('cursor', `${owner}\0${body}`)}`;
}

/** @throws McpTasksError `INVALID_CURSOR` if this server did not issue the cursor to this owner */
export function openCursor(keys: Keyring, owner: string, cursor: string): Uint8Array {
  const [body = '', signed = '', more] = cursor.split('.');
  if (more !== undefined || !keys.verify('cursor', `${owner}\0${body}`, signed)) {
    throw new McpTasksError('INVALID_CURSOR', 'this cursor was not issued here; start again without a cursor');
  }
  return Buffer.from(body, 'base64url');
}
