/**
 * IDs of the requests that ask a 2025-11-25 client a task's question. An ID seals which question the answer is for, so
 * the reply may arrive at any server process, and contains a nonce, so no ID is used twice.
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { Keyring } from './keyring.js';

const PREFIX = 'mcp-input';

export interface Question {
  readonly taskId: string;
  /** The input request's key within its task. */
  readonly key: string;
}

export function sealRequestId(keys: Keyring, { taskId, key }: Question): string {
  const body = Buffer.from(JSON.stringify([taskId, key, randomBytes(9).toString('base64url')])).toString('base64url');
  return `${PREFIX}.${body}.${keys.sign('request-id', body)}`;
}

/** Returns the question that `id` was sealed for; `undefined` if no server with this keyring sealed it. */
export function openRequestId(keys: Keyring, id: unknown): Question | undefined {
  if (typeof id !== 'string') return undefined;
  const [prefix, body = '', signed = '', more] = id.split('.');
  if (prefix !== PREFIX || more !== undefined || !keys.verify('request-id', body, signed)) return undefined;
  const [taskId, key] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [string, string];
  return { taskId, key };
}
