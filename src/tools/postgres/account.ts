/** Chooses the account that PostgreSQL runs as, because it refuses to run as root. @module */
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { McpTasksError } from '../../task/errors.js';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Returns the account to run PostgreSQL as; undefined means the current user. For root it is the owner of the data if
 * that is another user, else `postgres`, else `nobody`. Never creates an account.
 * @throws McpTasksError `LOCAL_SERVICE` if none of these exists
 */
export function serverAccount(data: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readAccounts();
  const account = ownerOf(data) ?? accounts.get('postgres') ?? accounts.get('nobody');
  if (account) return account;
  throw new McpTasksError(
    'LOCAL_SERVICE',
    'PostgreSQL refuses to run as root, and this system has no user "postgres" or "nobody" to run it as. ' +
      'Create one of them, run this program as another user, or set DATABASE_URL.',
  );
}

function ownerOf(data: string): Account | undefined {
  const stats = statSync(data, { throwIfNoEntry: false });
  return stats && stats.uid !== 0 ? { uid: stats.uid, gid: stats.gid } : undefined;
}

function readAccounts(): Map<string, Account> {
  const accounts = new Map<string, Account>();
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name && uid && gid && Number(uid) > 0) accounts.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  return accounts;
}

/** Returns whether an account may enter a directory and all its parents. */
export function mayEnter(account: Account, dir: string): boolean {
  const { mode, uid, gid } = statSync(dir);
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  if (!(mode & bit)) return false;
  const parent = dirname(dir);
  return parent === dir || mayEnter(account, parent);
}
