/**
 * Loads the database engines on first use. They are optional peers, and a server that only describes the tools must
 * start without them.
 * @module
 */
import type * as DuckDB from '@duckdb/node-api';
import type Pg from 'pg';
import type { CopyStreamQuery } from 'pg-copy-streams';
import { ToolError } from '../tool/errors.js';

export async function duckdb(): Promise<typeof DuckDB> {
  return await load('@duckdb/node-api', () => import('@duckdb/node-api'));
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
