/** Holds a PostgreSQL server with a database of its own, for as long as the benchmark needs it. @module */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeOf } from '../../src/tools/postgres/home.js';
import { acquirePostgres, type Postgres } from '../../src/tools/postgres/index.js';
import { serveParent } from './parent.js';

// A database of the user's own is not for benchmarks.
delete process.env['DATABASE_URL'];
const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-bench-postgres-'));
// PostgreSQL does not run as root, and its own user needs access to this folder.
await chmod(dir, 0o755);
let server: Postgres | undefined;

serveParent({
  start: async () => {
    server = await acquirePostgres({ dir, log: () => undefined });
    return { url: server.url };
  },
  stop: async () => {
    await server?.release();
    for (const left of [homeOf(join(dir, 'postgres')), dir]) await rm(left, { recursive: true, force: true });
  },
});
