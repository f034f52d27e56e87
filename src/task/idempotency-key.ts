/**
 * Idempotency keys: what makes a repeated call the same task instead of another one.
 * @module
 */
import type { Task } from './task.js';

/** The `_meta` field of a `tools/call` in which a client gives its key, a string. */
export const IDEMPOTENCY_KEY = 'io.github.mcp-tasks-temporal/idempotency-key';

/** The fewest bits of a key that alone protects its task, as an anonymous caller's does. */
const STRONG = 128;

export interface IdempotencyKey {
  /**
   * Whose key it is. A client's stays with its task whatever its end; a tool's own is free again when its task failed or was
   * cancelled. That of an answer to a question before the start is never free again.
   */
  readonly by: 'client' | 'tool' | 'answer';
  readonly text: string;
}

/**
 * Whether a key is long enough to be unguessable if it is random: 128 bits, counting 6 for each character, 4 where all are
 * hex digits, 3.3 where all are decimal; hyphens do not count. So 22 characters of base64url, 32 hex digits, or a UUID.
 */
export function isStrongKey(text: string): boolean {
  const characters = text.replaceAll('-', '');
  const alphabet = /^\d*$/.test(characters) ? 10 : /^[\da-f]*$/i.test(characters) ? 16 : 64;
  return characters.length * Math.log2(alphabet) >= STRONG;
}

/** Whether the next call with the same key starts a new task in place of this one. */
export function givesWay({ outcome }: Pick<Task, 'outcome'>, { by }: IdempotencyKey): boolean {
  if (by !== 'tool' || !outcome) return false;
  return outcome.kind !== 'result' || outcome.result.isError === true;
}

/** A value's JSON, the same whatever the order of its objects' keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
