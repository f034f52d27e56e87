/** What is known about the server of a directory, in a file that every process reads and writes under the lock. @module */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Server = z.object({
  pid: z.int().positive(),
  startedAt: z.string().optional(),
  /** Set before the server is told to stop, so that nobody takes up one that is about to end. */
  stopping: z.boolean().optional(),
});

const Port = z.int().min(1).max(65_535);

const Record = z.object({
  /** By name; kept when the server stops, so that the next one has the same address where possible. */
  ports: z.record(z.string(), Port),
  /** The server that runs, or was left running. */
  server: Server.optional(),
});

export type ServiceRecord = z.infer<typeof Record>;
export type RecordedServer = z.infer<typeof Server>;

export function recordPath(dir: string): string {
  return join(dir, 'server.json');
}

/** The record, 'none' if nothing was ever recorded, 'unreadable' if the file holds something else. */
export function readRecord(dir: string): ServiceRecord | 'none' | 'unreadable' {
  let text: string;
  try {
    text = readFileSync(recordPath(dir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none';
    throw error;
  }
  try {
    return Record.parse(JSON.parse(text));
  } catch {
    return 'unreadable';
  }
}

/**
 * Replaces the record in one step. Synchronous, so that no moment lies between the start of a server and its record
 * in which a kill would leave a server that nobody knows of.
 */
export function writeRecord(dir: string, record: ServiceRecord): void {
  const temporary = `${recordPath(dir)}.${process.pid}`;
  try {
    writeFileSync(temporary, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, recordPath(dir));
  } finally {
    rmSync(temporary, { force: true });
  }
}
