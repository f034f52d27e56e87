/**
 * Downloads a source into a folder of the worker, because DuckDB reads only files. An attempt that follows another one
 * continues where that ended, if the server still has the same file.
 * @module
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, open as openFile, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { milliseconds } from '../../task/duration.js';
import { ToolError } from '../../tool/errors.js';
import type { Resolve } from './addresses.js';
import { DEFAULT_BYTES, DEFAULT_DOWNLOAD_TIME, REMOTE_VARIABLES, type RemoteSources } from './limits.js';
import { allowed, open, shownUrl } from './request.js';

/** How often one attempt connects again after a lost connection. */
const CONNECTIONS = 5;
/** How long a downloaded file that nobody has removed is kept, in milliseconds. */
const KEPT = 7 * 24 * 60 * 60 * 1_000;
/** The form of a task's ID. */
const ID = /^[0-9a-f]{20}$/;
/** The longest file name, in characters. */
const LONGEST_NAME = 100;

export interface DownloadRequest {
  readonly remote: RemoteSources | undefined;
  readonly url: string;
  /** Distinguishes tasks. */
  readonly id: string;
  readonly signal: AbortSignal;
  /** Receives the number of bytes, and how many there will be if the server says so. */
  readonly progress: (done: number, total?: number) => void;
  /** Looks up a host. @default by the operating system */
  readonly resolve?: Resolve;
}

export interface Download {
  readonly path: string;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** Returns the folder that holds the downloads of a task. */
export function downloadFolder(id: string): string {
  return join(downloads(), id);
}

function downloads(): string {
  return join(tmpdir(), `mcp-tasks-downloads-${process.getuid?.() ?? 'user'}`);
}

/** Removes what was downloaded for a task on this worker. */
export async function removeDownloads(id: string): Promise<void> {
  await rm(downloadFolder(id), { recursive: true, force: true });
}

/**
 * Downloads the file, unless an earlier attempt has downloaded it on this worker.
 *
 * @throws ToolError if the URL is not allowed, the server refuses, or the file is too large; a retryable error if the
 *   server or the network is unavailable
 */
export async function download(request: DownloadRequest): Promise<Download> {
  const { remote, url, id, signal } = request;
  allowed(remote, url);
  await makeFolder(id);
  const path = join(downloadFolder(id), fileName(url));
  if (!(await exists(path))) {
    const time = milliseconds(remote?.time ?? DEFAULT_DOWNLOAD_TIME, 'remote.time');
    const limit = AbortSignal.timeout(Math.min(time, 2 ** 31 - 1));
    try {
      const written = await complete({ ...request, signal: AbortSignal.any([signal, limit]) }, `${path}.part`);
      // Another attempt has begun again, and the part is its unfinished one.
      if ((await stat(`${path}.part`)).ino !== written) throw new Error('another attempt has taken over the download');
    } catch (error) {
      signal.throwIfAborted();
      throw limit.aborted
        ? new Error(
            `${shownUrl(url)}: the download took more than ${time / 1_000} seconds, the limit of ${REMOTE_VARIABLES.time}`,
          )
        : error;
    }
    await rename(`${path}.part`, path);
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return { path, sha256: hash.digest('hex') };
}

async function makeFolder(id: string): Promise<void> {
  await mkdir(downloads(), { recursive: true, mode: 0o700 });
  const stats = await lstat(downloads());
  // In a shared temporary folder, someone else may have created it, or a link to another folder.
  if (!stats.isDirectory() || stats.uid !== (process.getuid?.() ?? stats.uid))
    throw new ToolError('the folder for downloads on the worker is not its own; ask the operator to remove it');
  await mkdir(downloadFolder(id), { recursive: true, mode: 0o700 });
  await removeOld(id);
}

/** Removes what no task needs any more: workers that were killed have not removed it. */
async function removeOld(id: string): Promise<void> {
  for (const name of await readdir(downloads())) {
    if (name === id || !ID.test(name)) continue;
    const other = join(downloads(), name);
    const { mtimeMs } = await lstat(other).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > KEPT) await rm(other, { recursive: true, force: true });
  }
}

/** Returns a name for the file, whose extension says what it is. */
function fileName(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  const plain = last.replaceAll(/[^\w.-]/g, '_').replace(/^[._-]+/, '');
  return plain.slice(-LONGEST_NAME).replace(/^[._-]+/, '') || 'download';
}

/** @returns the inode of the complete part */
async function complete(request: DownloadRequest, part: string): Promise<number> {
  for (let connection = 1; ; connection++) {
    try {
      return await connect(request, part);
    } catch (error) {
      request.signal.throwIfAborted();
      if (error instanceof ToolError || connection === CONNECTIONS) throw explained(request.url, error);
    }
  }
}

/** Names errors of the connection that another attempt does not fix. */
function explained(url: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ToolError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return new Error(`${shownUrl(url)}: the worker has no disk space left for the download`);
  if (code === 'ENOTFOUND') return new ToolError(`${shownUrl(url)}: there is no host with this name; check the URL`);
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code))
    return new ToolError(`${shownUrl(url)}: the server's certificate is not valid (${code})`);
  return new Error(`${shownUrl(url)}: the connection failed (${code || message})`);
}

async function connect({ remote, url, signal, progress, resolve }: DownloadRequest, part: string): Promise<number> {
  const tag = await readFile(`${part}.etag`, 'utf8').catch(() => undefined);
  const from = tag === undefined ? 0 : await sizeOf(part);
  const headers = from > 0 && tag !== undefined ? { range: `bytes=${from}-`, 'if-range': tag } : {};
  const response = await open({ remote, url, headers, signal, resolve });
  try {
    // The part is not shorter than the file, so begin again.
    if (response.statusCode === 416) await rm(`${part}.etag`, { force: true });
    const start = startOf(url, response, from);
    const most = remote?.bytes ?? DEFAULT_BYTES;
    const length = response.headers['content-length'];
    const total = length === undefined ? undefined : start + Number(length);
    if (total !== undefined && total > most) throw tooLarge(url, most);
    await keepTag(part, response, start);
    let done = start;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        done += chunk.length;
        progress(done, total);
        next(done > most ? tooLarge(url, most) : null, chunk);
      },
    });
    // Begins with a new file, because another attempt may still write to the old one. If both continue the same file,
    // they write the same bytes to the same places.
    if (start === 0) await rm(part, { force: true });
    const file = await openFile(part, start === 0 ? 'wx' : 'r+', 0o600);
    const { ino } = await file.stat();
    await pipeline(response, counted, file.createWriteStream({ start }), { signal });
    if (total !== undefined && done !== total) throw new Error('the server has closed the connection too early');
    return ino;
  } finally {
    response.destroy();
  }
}

/** Returns where in the file the response begins. @throws ToolError if the server refuses */
function startOf(url: string, { statusCode = 0, statusMessage, headers }: IncomingMessage, from: number): number {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new ToolError(
      `${shownUrl(url)}: the server sends the file with the encoding ${encoding}, which is not supported`,
    );
  if (statusCode === 200) return 0;
  if (statusCode === 206 && headers['content-range']?.startsWith(`bytes ${from}-`)) return from;
  const answer = `the server answered ${statusCode}${statusMessage ? ` ${statusMessage}` : ''}`;
  if (statusCode >= 500 || [206, 408, 416, 425, 429].includes(statusCode)) throw new Refused(answer);
  throw new ToolError(`${shownUrl(url)}: ${answer}; check the URL, and whether it can be read without logging in`);
}

class Refused extends Error {}

/** Remembers which version of the file the part is from. Without a strong tag, an attempt begins at the start. */
async function keepTag(part: string, { headers }: IncomingMessage, start: number): Promise<void> {
  if (start > 0) return;
  await rm(`${part}.etag`, { force: true });
  const { etag } = headers;
  if (etag !== undefined && etag.startsWith('"')) await writeFile(`${part}.etag`, etag, { mode: 0o600 });
}

function tooLarge(url: string, most: number): ToolError {
  return new ToolError(
    `${shownUrl(url)}: the file has more than ${most} bytes, which is the worker's limit. Use a smaller file, or ask the operator to raise ${REMOTE_VARIABLES.bytes}`,
  );
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
