/**
 * Keeps this package's files private to the user who runs it: folders 0700, files 0600. Windows has no such modes; a
 * folder's access list decides there.
 * @module
 */
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerCommand } from './server-process.js';

const FOLDER = 0o700;
const FILE = 0o600;
/**
 * The mode of a folder on the way to PostgreSQL's data, which root's PostgreSQL has to enter as another user: others can
 * pass through it, but not list it.
 */
const PASSABLE = process.getuid?.() === 0 ? 0o711 : FOLDER;
/** What this package puts into its folder, `.mcp-tasks`. */
const OURS = /^(key(\..+)?|temporal|postgres)$/;

export interface PrivateFolderOptions {
  /** Whether root's PostgreSQL has to pass through the folder. @default false */
  readonly passable?: boolean | undefined;
  /** Receives a warning for what cannot be protected. */
  readonly log: (line: string) => void;
}

/** Creates a folder that only this package uses. If it exists, removes other users' access to it and to its files. */
export function privateFolder(dir: string, { passable = false, log }: PrivateFolderOptions): void {
  const mode = passable ? PASSABLE : FOLDER;
  mkdirSync(dir, { recursive: true, mode });
  restrict(dir, mode, log);
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isFile()) restrict(join(dir, entry.name), FILE, log);
}

/**
 * Creates the folder that holds the key, Temporal's files and PostgreSQL's. Leaves the mode of an existing one alone if
 * it holds anything else, because then it is also used for something else.
 */
export function sharedFolder(dir: string, log: (line: string) => void): void {
  mkdirSync(dir, { recursive: true, mode: PASSABLE });
  if (readdirSync(dir).every((name) => OURS.test(name))) restrict(dir, PASSABLE, log);
}

/** Returns a command that runs the given one so that the files it creates are private. Its process ID is the same. */
export function creatingPrivateFiles(command: ServerCommand): ServerCommand {
  if (process.platform === 'win32') return command;
  // Not with process.umask(): it would change the author's process, and fails in a worker thread.
  return { ...command, file: '/bin/sh', args: ['-c', 'umask 077 && exec "$0" "$@"', command.file, ...command.args] };
}

function restrict(path: string, allowed: number, log: (line: string) => void): void {
  if (process.platform === 'win32') return;
  try {
    const mode = statSync(path).mode & 0o777;
    if ((mode & ~allowed) !== 0) chmodSync(path, mode & allowed);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Another process has just removed the file.
    if (code !== 'ENOENT') log(`other users of this machine may be able to read ${path}: ${message}`);
  }
}
