/**
 * Idempotency keys: they make a repeated call return the same task instead of starting another one.
 * @module
 */
import type { Task } from './task.js';

/** The `_meta` field of a `tools/call` in which a client sends its key, a string. */
export const IDEMPOTENCY_KEY = 'io.github.mcp-tasks-temporal/idempotency-key';

/** The minimum strength, in bits, of a key that is its task's only protection, as for an anonymous caller. */
const STRONG = 128;

/** A key that makes repeated calls return the same task. */
export interface IdempotencyKey {
  /**
   * Who chose the key. A client's key belongs to its task however the task ends. A tool's own key is free again when
   * its task failed or was cancelled. The key of an answer to a question before the start is never free again.
   */
  readonly by: 'client' | 'tool' | 'answer';
  readonly text: string;
}

/**
 * Whether a key, if random, is long enough to be unguessable: 128 bits. Each character counts as 6 bits, as 4 if all
 * characters are hex digits, and as 3.3 if all are decimal; hyphens do not count. 22 characters of base64url, 32 hex
 * digits or a UUID are enough.
 */
export function isStrongKey(text: string): boolean {
  const characters = text.replaceAll('-', '');
  const alphabet = /^\d*$/.test(characters) ? 10 : /^[\da-f]*$/i.test(characters) ? 16 : 64;
  return characters.length * Math.log2(alphabet) >= STRONG;
}

/**
 * Whether the next call with the same key starts a new task in place of this one. A cancelled task is not replaced
 * before its workflow has closed, because until then its work still runs.
 */
export function givesWay(task: Pick<Task, 'outcome' | 'endedAt'>, key: IdempotencyKey): boolean {
  return task.endedAt !== undefined && isFree(task, key);
}

/** Whether the task will be replaced soon: it is cancelled, but its work has not ended yet. */
export function isGivingWay(task: Pick<Task, 'outcome' | 'endedAt'>, key: IdempotencyKey): boolean {
  return task.endedAt === undefined && isFree(task, key);
}

function isFree({ outcome }: Pick<Task, 'outcome'>, { by }: IdempotencyKey): boolean {
  if (by !== 'tool' || !outcome) return false;
  return outcome.kind !== 'result' || outcome.result.isError === true;
}

/** Serializes a value to JSON that does not depend on the order of object keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
