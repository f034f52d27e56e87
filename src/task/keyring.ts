/**
 * The server's secret keys, shared by all replicas. The first is used for everything new and the others are still
 * accepted, so keys can be rotated without losing a task.
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { McpTasksError } from './errors.js';
import { weaknessOf } from './key-strength.js';
import { earlierTaskId, namedTaskId, ownerTag } from './id.js';

/**
 * The keys that bind task IDs to their owners. The first one signs; the others are previous keys, which still verify.
 *
 * @example
 * const keys = Keyring.parse(process.env['MCP_TASKS_KEY'] ?? '');
 */
export class Keyring {
  readonly #keys: readonly string[];

  /**
   * @throws McpTasksError `CONFIGURATION` if there is no key, or if one has fewer than 32 characters or is easy to guess:
   * it repeats itself, has few different characters, or contains a word from a placeholder. This includes previous
   * keys, because anyone who guesses one can forge what it signs.
   */
  constructor(keys: readonly string[]) {
    if (keys.length === 0) throw unusable('no key is set');
    for (const [at, key] of keys.entries()) {
      const weakness = weaknessOf(key);
      // Never the key itself.
      if (weakness !== undefined) throw unusable(`the ${at === 0 ? '' : 'previous '}key ${weakness}`);
    }
    this.#keys = keys;
  }

  /** Reads `current[,previous…]`, the format of `MCP_TASKS_KEY`. */
  static parse(text: string): Keyring {
    return new Keyring(
      text
        .split(',')
        .map((key) => key.trim())
        .filter(Boolean),
    );
  }

  /** Returns the owner's tag under each key; new tasks use the first. */
  ownerTags(owner: string): readonly [string, ...string[]] {
    const [current, ...previous] = this.#keys.map((key) => ownerTag(key, owner));
    return [current as string, ...previous];
  }

  /** Returns the ID of the owner's task that `name` stands for, under each key; a new task uses the first. */
  namedTaskIds(owner: string, name: string): readonly [string, ...string[]] {
    const [current, ...previous] = this.#keys.map((key) => namedTaskId(key, owner, name));
    return [current as string, ...previous];
  }

  /** Returns the IDs that an earlier version of this package would have given to that task, under each key. */
  earlierTaskIds(owner: string, name: string): readonly string[] {
    return this.#keys.map((key) => earlierTaskId(key, owner, name));
  }

  /** Returns the workflow ID of the note about the owner's tasks called `name`, under each key. Not a task's ID. */
  noteIds(owner: string, name: string): readonly [string, ...string[]] {
    const [current, ...previous] = this.derived(`note ${JSON.stringify([owner, name])}`).map(
      (hex) => `mcp-key-${hex.slice(0, 32)}`,
    );
    return [current as string, ...previous];
  }

  /** Derives a separate secret for `purpose` from each key; use the first for anything new. */
  derived(purpose: string): readonly [string, ...string[]] {
    const [current, ...previous] = this.#keys.map((key) =>
      createHmac('sha256', key).update(`derived\0${purpose}`).digest('hex'),
    );
    return [current as string, ...previous];
  }

  /** Signs `text` for `purpose`. The signature has 22 characters. */
  sign(purpose: string, text: string): string {
    return signature(this.#keys[0] as string, purpose, text);
  }

  /** Whether one of the keys signed this text for this purpose. */
  verify(purpose: string, text: string, signed: string): boolean {
    return this.#keys.some((key) => {
      const expected = Buffer.from(signature(key, purpose, text));
      const given = Buffer.from(signed);
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
  }
}

function signature(key: string, purpose: string, text: string): string {
  return createHmac('sha256', key).update(`${purpose}\0${text}`).digest('base64url').slice(0, 22);
}

function unusable(why: string): McpTasksError {
  return new McpTasksError('CONFIGURATION', `${why}. Generate a random key with "openssl rand -base64 32".`);
}
