/** The record of a directory's server, in a file that every process reads and writes under the lock. @module */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Server = z.object({
  pid: z.int().positive(),
  startedAt: z.string().optional(),
  /** Set before the server is asked to stop, so that no process joins one that is about to end. */
  stopping: z.boolean().optional(),
});

const Port = z.int().min(1).max(65_535);

const Record = z.object({
  /** The ports by name. Kept when the server stops, so that the next one gets the same address if possible. */
  ports: z.record(z.string(), Port),
  /** The server that is running or was left running. */
  server: Server.optional(),
});

export type ServiceRecord = z.infer<typeof Record>;
export type RecordedServer = z.infer<typeof Server>;

export function recordPath(dir: string): string {
  return join(dir, 'server.json');
}

/** Returns the record, 'none' if there is no file, or 'unreadable' if the file is not a valid record. */
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
 * Replaces the record atomically. Synchronous, to record a server in the same turn in which it is started: otherwise a
 * kill in between would leave a server that no process knows of.
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
