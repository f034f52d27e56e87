/** The payload codec that encrypts. @module */
import { webcrypto } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { McpTasksError } from '../task/errors.js';
import type { EncryptionKeys, Key } from './keys.js';

/** The encoding, and the metadata with the key's ID, are those of Temporal's samples in all languages. */
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const CIPHER = 'AES-GCM';
/** In bytes. The nonce comes before the ciphertext, and the tag after it. */
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/**
 * Encrypts and decrypts payloads with AES-256-GCM. The whole payload is encrypted, including its metadata. When
 * decrypting, payloads that are not encrypted pass unchanged, so encryption can be turned on while tasks run.
 *
 * The format is that of the encryption samples of Temporal's SDKs, so workers in other languages can use theirs. It
 * has no additional authenticated data: the codec server, which decrypts for Temporal's UI, does not learn which
 * workflow a payload belongs to.
 */
export class EncryptionCodec implements PayloadCodec {
  constructor(private readonly keys: EncryptionKeys) {}

  /** @throws McpTasksError `CODEC_FAILED` if the active key is not available, `CONFIGURATION` if it does not exist */
  async encode(payloads: Payload[]): Promise<Payload[]> {
    if (payloads.length === 0) return payloads;
    const id = this.keys.activeId;
    const key = await this.keys.get(id);
    if (!key)
      throw new McpTasksError(
        'CONFIGURATION',
        `There is no encryption key ${id}, but it is the active one. Make \`keys\` return it, or change \`activeKey\`.`,
      );
    const { PayloadMessage } = await protocolBuffers();
    return await Promise.all(
      payloads.map(async (payload) => ({
        metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(id) },
        data: await encrypt(key, PayloadMessage.encode(payload).finish()),
      })),
    );
  }

  /**
   * @throws McpTasksError `PAYLOAD_UNREADABLE` if a payload's key is unknown or is not the one that encrypted it;
   *   `CODEC_FAILED` if a key is not available
   */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return await Promise.all(
      payloads.map(async (payload) =>
        textOf(payload, 'encoding') === ENCODING ? await this.#decrypted(payload) : payload,
      ),
    );
  }

  async #decrypted(payload: Payload): Promise<Payload> {
    const id = textOf(payload, KEY_ID);
    if (id === undefined) throw unreadable('A payload is encrypted but does not name its key');
    const key = await this.keys.get(id);
    if (!key)
      throw unreadable(
        `A payload is encrypted with key ${id}, which this process does not have. Retrying won't help: an operator must add it to the encryption keys, after the active one`,
      );
    const bytes = await decrypt(key, payload.data ?? new Uint8Array()).catch((error: unknown) => {
      throw unreadable(
        `A payload cannot be decrypted with key ${id}: it is damaged, or was encrypted with another key of the same ID. Retrying won't help: an operator must compare the encryption keys of all servers and workers`,
        error,
      );
    });
    return (await protocolBuffers()).PayloadMessage.decode(bytes);
  }
}

/** Loads Temporal's messages when they are first needed, because a server answers its first requests without them. */
async function protocolBuffers(): Promise<typeof import('../temporal/rpc/proto.js')> {
  return await import('../temporal/rpc/proto.js');
}

async function encrypt(key: Key, plain: Uint8Array): Promise<Uint8Array> {
  const nonce = webcrypto.getRandomValues(new Uint8Array(NONCE_LENGTH));
  const encrypted = await webcrypto.subtle.encrypt({ name: CIPHER, iv: nonce, tagLength: TAG_LENGTH * 8 }, key, plain);
  return Buffer.concat([nonce, new Uint8Array(encrypted)]);
}

async function decrypt(key: Key, data: Uint8Array): Promise<Uint8Array> {
  const iv = data.subarray(0, NONCE_LENGTH);
  const encrypted = data.subarray(NONCE_LENGTH);
  return new Uint8Array(
    await webcrypto.subtle.decrypt({ name: CIPHER, iv, tagLength: TAG_LENGTH * 8 }, key, encrypted),
  );
}

function textOf({ metadata }: Payload, name: string): string | undefined {
  const value = metadata?.[name];
  return value ? Buffer.from(value).toString() : undefined;
}

function unreadable(why: string, cause?: unknown): McpTasksError {
  return new McpTasksError('PAYLOAD_UNREADABLE', `${why}.`, { cause });
}
