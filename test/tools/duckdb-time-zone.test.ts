/** Has its own file, and so its own process, because DuckDB reads the time zone only once. @module */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LoadTarget } from '../../src/tools/load/types.js';
import { digestSql } from '../../src/tools/source/canonical.js';
import { SourceSession } from '../../src/tools/source/session.js';
import { openDuckDBTarget } from '../../src/tools/target/duckdb/open.js';

let root: string;
const signal = new AbortController().signal;

beforeAll(async () => {
  process.env['TZ'] = 'America/New_York';
  root = await mkdtemp(join(tmpdir(), 'mcp-zone-'));
});
afterAll(async () => await rm(root, { recursive: true }));

test('the checksum of a timestamp is the same in source and target, whatever the time zone of the worker', async () => {
  const path = join(root, 'target.duckdb');
  const target: LoadTarget = { id: 'zone', database: 'file', schema: 'main', table: 't', mode: 'create' };
  const columns = [{ name: 'at', type: 'TIMESTAMP WITH TIME ZONE' }];
  const value = `'2024-02-29 01:02:03+00'::TIMESTAMPTZ`;
  const opened = await openDuckDBTarget({ kind: 'duckdb', name: 'file', path }, target, {
    step: 'test',
    attempt: 1,
    signal,
  });
  const source = await SourceSession.open([], signal);
  try {
    await opened.create(columns);
    const instance = await DuckDBInstance.fromCache(path);
    const connection = await instance.connect();
    await connection.run(`INSERT INTO mcp_zone_staging VALUES (${value})`);
    connection.closeSync();
    instance.closeSync();
    const [expected] = await source.rows(digestSql(columns, `(SELECT ${value} AS at)`));
    expect(await opened.digest({ columns })).toEqual({ rows: 1, checksum: expected?.['checksum'] });
  } finally {
    source.close();
    await opened.close();
  }
});
