/**
 * Compares the source with the loaded table as multisets, independently of the load's own check: copies the table out
 * of PostgreSQL and computes the difference in both directions with DuckDB.
 * @module
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';

export interface Comparison {
  /** Number of rows in the source. */
  readonly rowsIn: number;
  /** Number of rows in the table. */
  readonly rowsOut: number;
  /** Rows that the table has more often than the source. The source itself contains identical rows. */
  readonly duplicates: number;
  /** Rows that the source has more often than the table. */
  readonly missing: number;
}

/** Fails at once if the database cannot be used. The load would first retry many times, because it may come back. */
export async function checkDatabase(databaseUrl: string): Promise<void> {
  const postgres = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  try {
    await postgres.connect();
    await postgres.end();
  } catch (error) {
    throw new Error(
      `cannot connect to the database (if DATABASE_URL is set, check it): ${error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error)}`,
      { cause: error },
    );
  }
}

export async function compareRows(source: string, databaseUrl: string, table: string): Promise<Comparison> {
  const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-demo-'));
  const postgres = new Client({ connectionString: databaseUrl });
  try {
    await postgres.connect();
    const copy = join(dir, 'table.csv');
    await pipeline(postgres.query(copyTo(`COPY "${table}" TO STDOUT (FORMAT csv, HEADER)`)), createWriteStream(copy));
    const { rows } = await postgres.query<{ count: string }>(`SELECT count(*) FROM "${table}"`);
    const instance = await DuckDBInstance.create(':memory:');
    const duckdb = await instance.connect();
    await duckdb.run(`CREATE VIEW source AS SELECT * FROM read_parquet('${quoted(source)}')`);
    const types = await columnTypes(duckdb);
    await duckdb.run(
      `CREATE VIEW loaded AS SELECT * FROM read_csv('${quoted(copy)}', header = true, columns = ${types})`,
    );
    const result = {
      rowsIn: await count(duckdb, 'SELECT * FROM source'),
      rowsOut: Number(rows[0]?.count),
      duplicates: await count(duckdb, 'SELECT * FROM loaded EXCEPT ALL SELECT * FROM source'),
      missing: await count(duckdb, 'SELECT * FROM source EXCEPT ALL SELECT * FROM loaded'),
    };
    duckdb.closeSync();
    return result;
  } finally {
    await postgres.end();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Returns the source's column types, so that values of the copy are compared in their original types. */
async function columnTypes(duckdb: DuckDBConnection): Promise<string> {
  const described = await duckdb.runAndReadAll('DESCRIBE source');
  const columns = described
    .getRowObjects()
    .map(({ column_name: name, column_type: type }) => `'${quoted(String(name))}': '${quoted(String(type))}'`);
  return `{${columns.join(', ')}}`;
}

async function count(duckdb: DuckDBConnection, query: string): Promise<number> {
  const reader = await duckdb.runAndReadAll(`SELECT count(*) FROM (${query})`);
  return Number(reader.getRows()[0]?.[0]);
}

function quoted(text: string): string {
  return text.replaceAll("'", "''");
}
