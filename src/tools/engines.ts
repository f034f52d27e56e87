/**
 * Loads the database engines on first use. They are optional peers, and a server that only describes the tools must
 * start without them.
 * @module
 */
import { createRequire } from 'node:module';
import type * as DuckDB from '@duckdb/node-api';
import type bindings from '@duckdb/node-bindings';
import type Pg from 'pg';
import type { CopyStreamQuery } from 'pg-copy-streams';
import { ToolError } from '../tool/errors.js';

export async function duckdb(): Promise<typeof DuckDB> {
  return await load('@duckdb/node-api', () => import('@duckdb/node-api'));
}

/** The functions that read the memory of a chunk. */
export type Vectors = Pick<
  typeof bindings,
  'data_chunk_get_vector' | 'vector_get_data' | 'vector_get_validity' | 'get_data_from_pointer'
>;

let found: Vectors | undefined;

/** Loads the functions on which `@duckdb/node-api` is built. Its own make a JavaScript value of each value. */
export async function vectors(): Promise<Vectors> {
  if (found) return found;
  await duckdb();
  // Resolve from that package, because this is its dependency, not ours.
  const api = createRequire(import.meta.url).resolve('@duckdb/node-api');
  found = createRequire(api)('@duckdb/node-bindings') as Vectors;
  return found;
}

export async function pg(): Promise<typeof Pg> {
  return (await load('pg', () => import('pg'))).default;
}

/** Loads the function that makes a `COPY … FROM STDIN` stream to pass to a `pg` client. */
export async function pgCopyFrom(): Promise<(sql: string) => CopyStreamQuery> {
  return (await load('pg-copy-streams', () => import('pg-copy-streams'))).from;
}

async function load<T>(name: string, importer: () => Promise<T>): Promise<T> {
  try {
    return await importer();
  } catch (error) {
    if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new ToolError(`the package "${name}" is not installed on the worker; run: npm install ${name}`);
  }
}
