/**
 * A task's log: bounded, and addressed by the offset in everything that was ever written to it. It is a folder of
 * segments, each named after the offset at which it begins; the oldest are removed.
 * @module
 */
import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** How many segments a full log has: the oldest part that is dropped at once is one of them. */
const SEGMENTS = 8;
const DIGITS = 15;
const NAME = /^(\d{15})\.log$/;

/** A part of a log, with the offsets where it begins and ends. */
export interface LogPart {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  /** The end of the log, at this time. */
  readonly end: number;
}

interface Segment {
  readonly start: number;
  readonly size: number;
}

/** Appends to a log. One process writes to it at a time. */
export class LogFile {
  #fd: number | undefined;
  #start = 0;
  #size = 0;

  /** @param limit the maximum size of the log in bytes */
  constructor(
    private readonly dir: string,
    private readonly limit: number,
  ) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const last = segmentsIn(dir).at(-1);
    if (last) [this.#start, this.#size] = [last.start, last.size];
  }

  /** The offset of what is appended next. */
  get offset(): number {
    return this.#start + this.#size;
  }

  append(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#size > 0 && this.#size + bytes.length > this.limit / SEGMENTS) this.#rotate();
    this.#fd ??= openSync(join(this.dir, nameOf(this.#start)), 'a', 0o600);
    writeSync(this.#fd, bytes);
    this.#size += bytes.length;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #rotate(): void {
    this.close();
    this.#start = this.offset;
    this.#size = 0;
    const segments = segmentsIn(this.dir);
    for (const { start } of segments.slice(0, Math.max(0, segments.length - SEGMENTS + 1)))
      rmSync(join(this.dir, nameOf(start)), { force: true });
  }
}

/** Returns the offset at which a log ends; 0 if there is none. */
export function endOfLog(dir: string): number {
  const last = segmentsIn(dir).at(-1);
  return last ? last.start + last.size : 0;
}

/**
 * Reads a part of a log, also while it is written.
 * @param from the offset to start at. If that part is no longer kept, the oldest part that is
 * @param length the maximum length in bytes
 */
export function readLog(dir: string, from: number, length: number): LogPart {
  const segments = segmentsIn(dir);
  const end = endOfLog(dir);
  const begin = Math.min(Math.max(from, segments[0]?.start ?? 0), end);
  const parts: Buffer[] = [];
  let at = begin;
  for (const { start, size } of segments) {
    if (start + size <= at || at >= begin + length) continue;
    const part = readPart(join(dir, nameOf(start)), at - start, Math.min(begin + length, start + size) - at);
    parts.push(part);
    at += part.length;
  }
  return { bytes: Buffer.concat(parts), from: begin, to: at, end };
}

/** Returns a part of a file; less of it if the file is shorter, nothing if it has just been removed. */
function readPart(path: string, position: number, length: number): Buffer {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(fd, buffer, 0, length, position));
  } finally {
    closeSync(fd);
  }
}

function segmentsIn(dir: string): Segment[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return [];
  }
  return names
    .flatMap((name): Segment[] => {
      const start = NAME.exec(name)?.[1];
      const size = start === undefined ? undefined : statSync(join(dir, name), { throwIfNoEntry: false })?.size;
      return start === undefined || size === undefined ? [] : [{ start: Number(start), size }];
    })
    .sort((a, b) => a.start - b.start);
}

function nameOf(start: number): string {
  return `${String(start).padStart(DIGITS, '0')}.log`;
}
