/** Where a dev server keeps its data, and what that survives. @module */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Durability } from '../../local/index.js';

/**
 * SQLite's `synchronous` of each level. With a write-ahead log, no level can damage the file, and a change costs one
 * write to the disk instead of several.
 */
const SYNCHRONOUS = { full: 'FULL', normal: 'NORMAL' } as const;

/**
 * Returns the arguments of Temporal's CLI for a level.
 * @param file the database
 */
export function storageArguments(durability: Durability, file: string): readonly string[] {
  if (durability === 'memory') return [];
  const pragmas = ['journal_mode=WAL', `synchronous=${SYNCHRONOUS[durability]}`];
  return ['--db-filename', file, ...pragmas.flatMap((pragma) => ['--sqlite-pragma', pragma])];
}

/** Notes the level of the server that is about to start, for those who join it. */
export function noteDurability(dir: string, durability: Durability): void {
  writeFileSync(noteIn(dir), durability, { mode: 0o600 });
}

/** Logs if the running server has another level than this process asked for. */
export function logOtherDurability(dir: string, asked: Durability, log: (line: string) => void): void {
  const running = noted(dir);
  if (running === undefined || running === asked) return;
  log(
    `Temporal runs with --durability ${running}, not ${asked}, because another process started it; to change it, stop all processes that use this dev server, then start again`,
  );
}

function noteIn(dir: string): string {
  return join(dir, 'durability');
}

/** A server that an earlier version of this package started has none. */
function noted(dir: string): string | undefined {
  try {
    return readFileSync(noteIn(dir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
