/**
 * Checks that compressed files are complete. DuckDB reads a file that was cut off up to the cut and reports no error, so
 * rows would be missing, and the last value could be half of one.
 * @module
 */
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ToolError } from '../../tool/errors.js';

/** @throws ToolError if the file is cut off or damaged, if its name says that it is compressed */
export async function checkCompressed(path: string, signal: AbortSignal): Promise<void> {
  if (/\.gz$/i.test(path)) return await checkGzip(path, signal);
  if (/\.zst$/i.test(path)) await checkZstd(path, signal);
}

/** Decompresses the file, which also compares its checksums. */
async function checkGzip(path: string, signal: AbortSignal): Promise<void> {
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    await pipeline(createReadStream(path), createGunzip(), sink, { signal });
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    // Node's own errors about the content. If the file is not compressed at all, DuckDB's error is clearer.
    if (code === 'Z_BUF_ERROR') throw incomplete(path);
    if (code === 'Z_DATA_ERROR' && message !== 'incorrect header check') throw damaged(path, message);
    if (code !== 'Z_DATA_ERROR') throw error;
  }
}

const FRAME = 0xfd2fb528;
/** Frames whose content readers skip have one of 16 numbers, which differ in the last four bits. */
const SKIPPED_FRAME = 0x184d2a50;
/** The type of a block that is one byte, repeated. */
const REPEATED = 1;

/**
 * Follows the lengths of the file's frames and blocks to its end, without decompressing anything: Node 20 has no zstd.
 * https://datatracker.ietf.org/doc/html/rfc8878#section-3.1
 */
async function checkZstd(path: string, signal: AbortSignal): Promise<void> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    for (let at = 0; at < size;) {
      const magic = (await bytes(handle, path, at, 4)).readUInt32LE();
      if ((magic & ~0xf) === SKIPPED_FRAME) {
        at += 8 + (await bytes(handle, path, at + 4, 4)).readUInt32LE();
      } else if (magic === FRAME) {
        at = await afterFrame(handle, path, at + 4, signal);
      } else {
        // Not zstd, or followed by something else: DuckDB's error says so.
        return;
      }
      if (at > size) throw incomplete(path);
    }
  } finally {
    await handle.close();
  }
}

/** @returns where the frame ends */
async function afterFrame(handle: FileHandle, path: string, from: number, signal: AbortSignal): Promise<number> {
  const descriptor = (await bytes(handle, path, from, 1)).readUInt8();
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeLength = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3] as number;
  let at = from + 1 + (isSingle ? 0 : 1) + dictionaryLength + sizeLength;
  for (let last = false; !last;) {
    signal.throwIfAborted();
    const header = (await bytes(handle, path, at, 3)).readUIntLE(0, 3);
    last = (header & 1) === 1;
    at += 3 + (((header >> 1) & 3) === REPEATED ? 1 : header >> 3);
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4);
}

async function bytes(handle: FileHandle, path: string, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(length), position: at });
  if (bytesRead < length) throw incomplete(path);
  return buffer;
}

function incomplete(path: string): ToolError {
  return new ToolError(`${basename(path)} is incomplete: it was cut off. Copy or download it again.`);
}

function damaged(path: string, why: string): ToolError {
  return new ToolError(`${basename(path)} is damaged (${why}). Copy or download it again.`);
}
