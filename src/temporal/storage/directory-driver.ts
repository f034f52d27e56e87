/** A storage driver that keeps large payloads as files in a directory. @module */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  StorageDriverClaim,
  type Payload,
  type StorageDriver,
  type StorageDriverRetrieveContext,
  type StorageDriverStoreContext,
} from '@temporalio/common';
import { LARGEST_STORED, number } from '../../limits/limits.js';
import { McpTasksError } from '../../task/errors.js';
import { PayloadMessage } from '../rpc/proto.js';

/** The options of a {@link DirectoryDriver}. */
export interface DirectoryDriverOptions {
  /**
   * The directory for the files. All servers and workers must share its contents, for example on a shared volume.
   * Created if it does not exist, readable only by the user of the process.
   */
  readonly dir: string;
  /** Distinguishes several drivers: a payload's reference names the driver that stores it. @default 'directory' */
  readonly name?: string;
}

/** A file's name: the hash of its content. */
const NAME = /^[0-9a-f]{64}$/;
/** The overhead of a payload's encoding, in bytes. */
const AROUND = 10_000;

/**
 * Keeps payloads that are too large for Temporal as files, for the SDK's `ExternalStorage`. A file is named after the
 * SHA-256 hash of its content, so equal payloads share one. It is written under another name first, so that nobody
 * reads an incomplete file. A payload can be at most 50 MB.
 *
 * Files are never deleted: Temporal does not say when a payload is no longer needed. Storing a payload again updates
 * the modification time of its file. So you can delete files that are older than your longest workflow plus the
 * namespace's retention period.
 *
 * @example
 * import { ExternalStorage } from '@temporalio/common';
 *
 * const dataConverter = {
 *   externalStorage: new ExternalStorage({ drivers: [new DirectoryDriver({ dir: '/var/lib/mcp-tasks/payloads' })] }),
 * };
 * const tasks = await DurableTasks.connect({ tools, dataConverter });
 */
export class DirectoryDriver implements StorageDriver {
  readonly name: string;
  readonly type = 'mcp-tasks-temporal.directory';
  readonly #dir: string;

  constructor({ dir, name = 'directory' }: DirectoryDriverOptions) {
    this.#dir = resolve(dir);
    this.name = name;
  }

  /** @throws McpTasksError `CONFIGURATION` if a payload is too large or the directory cannot be written */
  async store({ abortSignal }: StorageDriverStoreContext, payloads: Payload[]): Promise<StorageDriverClaim[]> {
    const claims: StorageDriverClaim[] = [];
    // One after another, to hold one encoded payload at a time.
    for (const payload of payloads) {
      abortSignal?.throwIfAborted();
      claims.push(new StorageDriverClaim({ sha256: await this.#write(payload) }));
    }
    return claims;
  }

  /** @throws McpTasksError `PAYLOAD_UNREADABLE` if a file is missing or damaged */
  async retrieve({ abortSignal }: StorageDriverRetrieveContext, claims: StorageDriverClaim[]): Promise<Payload[]> {
    const payloads: Payload[] = [];
    for (const { claimData } of claims) {
      abortSignal?.throwIfAborted();
      payloads.push(await this.#read(claimData['sha256'] ?? ''));
    }
    return payloads;
  }

  async #write(payload: Payload): Promise<string> {
    const content = PayloadMessage.encode(payload).finish();
    if (content.byteLength > LARGEST_STORED + AROUND)
      throw new McpTasksError(
        'CONFIGURATION',
        `a payload is ${number(content.byteLength)} bytes; the limit of external storage is ${number(LARGEST_STORED)}. Pass a link to the data instead`,
      );
    const sha256 = hashOf(content);
    const path = this.#path(sha256);
    try {
      if (!(await renew(path, content))) await writeWhole(path, content);
    } catch (error) {
      throw new McpTasksError(
        'CONFIGURATION',
        "External storage could not write a payload. Retrying won't help: the server's log says why.",
        { cause: error },
      );
    }
    return sha256;
  }

  async #read(sha256: string): Promise<Payload> {
    // Claims come from histories. A forged one must not name a file outside the directory.
    if (!NAME.test(sha256)) throw unreadable('its reference does not name a file of this driver');
    const content = await readFile(this.#path(sha256)).catch((error: unknown) => {
      throw unreadable(
        `file ${sha256} cannot be read. It may have been deleted, or this process uses a different directory from the one that stored it`,
        error,
      );
    });
    if (hashOf(content) !== sha256) throw unreadable(`file ${sha256} is damaged`);
    return PayloadMessage.decode(content);
  }

  #path(sha256: string): string {
    return join(this.#dir, sha256.slice(0, 2), sha256);
  }
}

/** Updates the file's time, so that it is not deleted as old. @returns whether it exists and is complete */
async function renew(path: string, content: Uint8Array): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(path, now, now);
    // A damaged file may have the right size.
    return (await stat(path)).size === content.byteLength && (await readFile(path)).equals(content);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function writeWhole(path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomUUID()}`;
  try {
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(content);
      // Temporal keeps the reference durably, so the file has to be as durable.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The message reaches clients, so it does not name the directory. The cause, which is logged, does. */
function unreadable(why: string, cause?: unknown): McpTasksError {
  return new McpTasksError('PAYLOAD_UNREADABLE', `A payload in external storage is not available: ${why}.`, { cause });
}
