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

export function invalidCursor(): McpTasksError {
  return new McpTasksError(
    'INVALID_CURSOR',
    'Invalid cursor. List again without a cursor to start from the first page.',
  );
}

/** @throws McpTasksError `INVALID_CURSOR` if this server did not issue the cursor to this owner */
export function openCursor(keys: Keyring, owner: string, cursor: string): Uint8Array {
  const [body = '', signed = '', more] = cursor.split('.');
  if (more !== undefined || !keys.verify('cursor', `${owner}\0${body}`, signed)) {
    throw invalidCursor();
  }
  return Buffer.from(body, 'base64url');
}
