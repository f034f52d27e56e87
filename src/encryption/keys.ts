/** Gets the keys that encrypt payloads, and refuses weak ones. @module */
import { webcrypto } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { McpTasksError } from '../task/errors.js';

/**
 * Returns the key with an ID: 32 bytes, or `undefined` if there is no such key. It is called again after a failure, but
 * not for a key that it has returned.
 */
export type EncryptionKeyFunction = (keyId: string) => Promise<Uint8Array | undefined>;

/** An imported key. Its bytes can no longer be read, so it cannot end up in a log. */
export type Key = webcrypto.CryptoKey;

const KEY_LENGTH = 32;
/** A key's ID is stored with each payload and named in errors. */
const KEY_ID = /^[\w.:/@+-]{1,200}$/;
/** How many keys from a function are kept. */
const MOST_KEYS = 100;
/** How long a function may take, in milliseconds. */
const LONGEST_FETCH = 5_000;
/** Random keys have about 30 different bytes; fewer than 16 do not occur. */
const FEWEST_BYTES = 16;

const GENERATE =
  'A key is 32 random bytes, written in base64 (44 characters). Generate one with `openssl rand -base64 32`';
const WITH_ID =
  'Write <id>:<key>, such as 2026-11:<key>. The ID has 1 to 200 ASCII letters, digits or characters of .:/@+_-, and commas separate keys';

export class EncryptionKeys {
  readonly #keys = new LRUCache<string, Promise<Key | undefined>>({ max: MOST_KEYS });

  /** @param activeId the ID of the key that encrypts; the others only decrypt */
  private constructor(
    readonly activeId: string,
    private readonly fetch: EncryptionKeyFunction,
  ) {}

  /**
   * Reads keys in the format of `MCP_TASKS_ENCRYPTION_KEYS`: `id:base64[,id:base64…]`. The first one is active.
   * @throws McpTasksError `CONFIGURATION` if it has another format, or if a key is weak. The error never contains a key
   */
  static parse(text: string): EncryptionKeys {
    const keys = text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
      .map(keyIn);
    const [active] = keys;
    if (!active) throw invalid(`none are set. ${WITH_ID}. ${GENERATE}`);
    const byId = new Map(keys);
    if (byId.size < keys.length) throw invalid('two keys have the same ID. Give each key an ID of its own');
    const distinct = new Set([...byId.values()].map((key) => Buffer.from(key).toString('base64')));
    if (distinct.size < keys.length) throw invalid('two IDs have the same key. Generate a key for each ID');
    return new EncryptionKeys(active[0], async (id) => await Promise.resolve(byId.get(id)));
  }

  /**
   * Uses the keys of a function.
   * @throws McpTasksError `CONFIGURATION` if the ID of the active key is not valid
   */
  static from(fetch: EncryptionKeyFunction, activeId: string): EncryptionKeys {
    checkId(activeId);
    return new EncryptionKeys(activeId, fetch);
  }

  /**
   * Returns a key; `undefined` if there is none with this ID.
   * @throws McpTasksError `CODEC_FAILED` if the function fails, `CONFIGURATION` if its key is weak
   */
  async get(id: string): Promise<Key | undefined> {
    const known = this.#keys.get(id);
    if (known) return await known;
    const fetching = this.#fetch(id);
    this.#keys.set(id, fetching);
    try {
      const key = await fetching;
      // A key may be added later.
      if (!key) this.#keys.delete(id);
      return key;
    } catch (error) {
      this.#keys.delete(id);
      throw error;
    }
  }

  async #fetch(id: string): Promise<Key | undefined> {
    const bytes = await inTime(this.fetch, id);
    if (bytes === undefined) return undefined;
    checkKey(id, bytes);
    return await webcrypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
  }
}

async function inTime(fetch: EncryptionKeyFunction, id: string): Promise<Uint8Array | undefined> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${LONGEST_FETCH / 1_000} s`)), LONGEST_FETCH);
    });
    return await Promise.race([fetch(id), late]);
  } catch (error) {
    throw new McpTasksError('CODEC_FAILED', `Encryption key ${id} is not available at the moment. Try again.`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** An ID may contain colons; a key in base64 does not. */
function keyIn(part: string, index: number): [id: string, key: Uint8Array] {
  const at = part.lastIndexOf(':');
  if (at < 0) throw invalid(`key ${index + 1} has no ID. ${WITH_ID}. ${GENERATE}`);
  const id = part.slice(0, at).trim();
  const text = part.slice(at + 1).trim();
  checkId(id);
  if (text === '') throw invalid(`key ${id} is empty. ${GENERATE}`);
  // Base64 without any other letters does not occur.
  if (/^[\da-f]+$/i.test(text)) throw invalid(`key ${id} is in hexadecimal, not in base64. ${GENERATE}`);
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) throw invalid(`key ${id} is not base64. ${GENERATE}`);
  const key = Buffer.from(text, 'base64');
  checkKey(id, key);
  return [id, key];
}

function checkId(id: string): void {
  if (typeof id !== 'string' || !KEY_ID.test(id))
    throw invalid('an ID must have 1 to 200 letters, digits, or characters of .:/@+_-');
}

/** @throws McpTasksError `CONFIGURATION` if the key is obviously not random */
function checkKey(id: string, key: Uint8Array): void {
  if (!(key instanceof Uint8Array))
    throw invalid(`key ${id} is not a Uint8Array. Return its ${KEY_LENGTH} bytes, not text`);
  if (key.byteLength !== KEY_LENGTH)
    throw invalid(`key ${id} has ${key.byteLength} bytes, but AES-256 needs exactly ${KEY_LENGTH}. ${GENERATE}`);
  if (new Set(key).size < FEWEST_BYTES) throw invalid(`key ${id} is weak: it repeats the same bytes. ${GENERATE}`);
  if (key.every((byte) => byte >= 0x20 && byte < 0x7f))
    throw invalid(`key ${id} is weak: it is text, not random bytes. ${GENERATE}`);
  const step = (key[1] as number) - (key[0] as number);
  if (key.every((byte, i) => i === 0 || ((byte - (key[i - 1] as number) - step) & 0xff) === 0))
    throw invalid(`key ${id} is weak: its bytes count up or down. ${GENERATE}`);
}

function invalid(problem: string): McpTasksError {
  return new McpTasksError('CONFIGURATION', `Encryption keys (MCP_TASKS_ENCRYPTION_KEYS): ${problem}.`);
}
