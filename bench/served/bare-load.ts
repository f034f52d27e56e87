/** The bare pipe from a file to a table: DuckDB writes CSV into a named pipe, and PostgreSQL copies it. @module */
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { Client } from 'pg';
import { from } from 'pg-copy-streams';
import { serveParent } from './parent.js';

/** How much is read from the pipe at once, in bytes. */
const READ = 1024 * 1024;

interface Load {
  readonly url: string;
  /** A Parquet file. */
  readonly file: string;
  readonly table: string;
}

serveParent({
  start: async () => await Promise.resolve({}),
  load: async ({ url, file, table }: Load) => {
    const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-bench-pipe-'));
    const pipe = join(dir, 'rows.csv');
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
    const postgres = new Client({ connectionString: url });
    try {
      await promisify(execFile)('mkfifo', [pipe]);
      await postgres.connect();
      const begun = performance.now();
      await Promise.all([
        duckdb.run(`COPY (FROM read_parquet('${file}')) TO '${pipe}' (FORMAT csv, HEADER false, USE_TMP_FILE false)`),
        pipeline(
          createReadStream(pipe, { highWaterMark: READ }),
          postgres.query(from(`COPY ${table} FROM STDIN (FORMAT csv)`)),
        ),
      ]);
      return { took: performance.now() - begun };
    } finally {
      duckdb.closeSync();
      await postgres.end();
      await rm(dir, { recursive: true, force: true });
    }
  },
  /** Writes a file with the rows of another one ten times over. */
  tenfold: async ({ file, to }: { file: string; to: string }) => {
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
    await duckdb.run(`COPY (SELECT f.* FROM read_parquet('${file}') f, range(10)) TO '${to}' (FORMAT parquet)`);
    duckdb.closeSync();
    return {};
  },
  /** Writes a file with the first rows of another one. */
  head: async ({ file, to, rows }: { file: string; to: string; rows: number }) => {
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
    await duckdb.run(`COPY (SELECT * FROM read_parquet('${file}') LIMIT ${rows}) TO '${to}' (FORMAT parquet)`);
    duckdb.closeSync();
    return {};
  },
  sql: async ({ url, text }: { url: string; text: string }) => {
    const postgres = new Client({ connectionString: url });
    await postgres.connect();
    try {
      const { rows } = await postgres.query<Record<string, unknown>>(text);
      return rows;
    } finally {
      await postgres.end();
    }
  },
});
