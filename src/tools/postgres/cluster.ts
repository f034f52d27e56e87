/** The files of a PostgreSQL cluster: data and password. @module */
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { McpTasksError } from '../../task/errors.js';
import { runCommand } from '../../local/command.js';
import { environmentFor } from '../../local/environment.js';
import type { Account } from './account.js';
import { programs } from './binaries.js';
import type { Home } from './home.js';

export const USER = 'postgres';

/** A locale that is built into PostgreSQL, so it is the same on every system. */
const LOCALE = ['--encoding=UTF8', '--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

export function dataDir(home: string): string {
  return join(home, 'data');
}

function passwordFile(home: string): string {
  return join(home, 'password');
}

/** @throws McpTasksError `LOCAL_SERVICE` if the password file is missing or unreadable */
export function readPassword(home: string): string {
  try {
    return readFileSync(passwordFile(home), 'utf8').trim();
  } catch (error) {
    throw new McpTasksError(
      'LOCAL_SERVICE',
      `Cannot read the password of the PostgreSQL data in ${home}: ${(error as Error).message}. ` +
        'Restore the file, or move the folder away to start with an empty database.',
      { cause: error },
    );
  }
}

/**
 * Creates the cluster with a random password, unless it exists. The data directory appears in a single rename, so that
 * a killed process never leaves a half-made cluster.
 */
export async function ensureCluster({ dir, installation, account }: Home): Promise<void> {
  if (existsSync(dataDir(dir))) return;
  const partial = join(dir, 'data.partial');
  const passwordForInit = join(dir, 'password.init');
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { mode: 0o700 });
  own(partial, account);
  const password = randomBytes(24).toString('hex');
  writePrivately(passwordFile(dir), password);
  writePrivately(passwordForInit, password);
  own(passwordForInit, account);
  const args = [`--pgdata=${partial}`, `--username=${USER}`, `--pwfile=${passwordForInit}`, '--auth=scram-sha-256'];
  try {
    await runCommand(programs(installation).initdb, [...args, ...LOCALE], {
      ...account,
      cwd: dir,
      env: { ...environmentFor('run'), LC_ALL: 'C' },
      timeout: 120_000,
    });
  } catch (error) {
    throw new McpTasksError('LOCAL_SERVICE', `Cannot create PostgreSQL's data in ${dir}: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    rmSync(passwordForInit, { force: true });
  }
  renameSync(partial, dataDir(dir));
}

function own(path: string, account: Account | undefined): void {
  if (account) chownSync(path, account.uid, account.gid);
}

function writePrivately(path: string, text: string): void {
  // An existing file would keep its mode.
  rmSync(path, { force: true });
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
}
