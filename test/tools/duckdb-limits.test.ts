/** What DuckDB may use of the worker's machine: each limit is kept, and names its option when it is reached. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { effectiveLimits, type DuckDBLimits } from '../../src/tools/duckdb-limits.js';
import { referenceTools, toolsConfigFromEnv } from '../../src/tools/index.js';
import { SourceSession } from '../../src/tools/source/session.js';
import { loadTables } from '../../src/tools/target/names.js';
import { openTarget } from '../../src/tools/target/open.js';
import { ToolError } from '../../src/tool/errors.js';

const { signal } = new AbortController();
const MB = 1_000_000;

async function run(limits: DuckDBLimits, sql: string): Promise<unknown> {
  const session = await SourceSession.open([], signal, { limits });
  try {
    return await session.rows(sql);
  } finally {
    session.close();
  }
}

/** Returns the error that a statement fails with. */
async function failure(limits: DuckDBLimits, sql: string): Promise<Error> {
  return await run(limits, sql).then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
}

describe('a statement of a source', () => {
  // Cannot be written to temporary files.
  const list = (rows: number): string => `SELECT len(list(i))::INTEGER AS n FROM range(${rows}) t(i)`;
  const sorted = (rows: number): string => `
    SELECT count(*)::INTEGER AS n FROM (
      SELECT repeat('x', 100) || hash(i) AS s FROM range(${rows}) t(i) ORDER BY s LIMIT ${rows - 1}
    ) WHERE s <> ''`;
  const endless = 'SELECT count(*) FROM range(1000000000) a(i), range(1000) b(j) WHERE hash(i) = hash(j + 1)';

  it('has the memory it is given, and no more', async () => {
    expect(await run({ memory: 50 * MB }, list(100_000))).toEqual([{ n: 100_000 }]);
    const error = await failure({ memory: 50 * MB }, list(20_000_000));
    expect(error).toBeInstanceOf(ToolError);
    expect(error.message).toBe(
      "this needs more memory than 50000000 bytes, which is the worker's limit. Retrying won't help; use smaller or fewer files, or ask the operator to raise MCP_TASKS_DUCKDB_MEMORY (the option duckdb.memory)",
    );
  });

  it('has the temporary disk space it is given, and no more', async () => {
    expect(await run({ memory: 50 * MB }, sorted(2_000_000))).toEqual([{ n: 1_999_999 }]);
    const error = await failure({ memory: 50 * MB, spill: 20 * MB }, sorted(2_000_000));
    expect(error).toBeInstanceOf(ToolError);
    expect(error.message).toContain('more temporary disk space than 20000000 bytes');
    expect(error.message).toContain('MCP_TASKS_DUCKDB_SPILL (the option duckdb.spill)');
  });

  it('is interrupted at its time limit', async () => {
    expect(await run({ time: '10 minutes' }, list(10))).toEqual([{ n: 10 }]);
    const error = await failure({ time: '50 ms' }, endless);
    expect(error).toBeInstanceOf(ToolError);
    expect(error.message).toContain('more time than 0.05 seconds for one statement');
    expect(error.message).toContain('MCP_TASKS_DUCKDB_TIME (the option duckdb.time)');
  });

  it('runs on as many threads as it is given', async () => {
    expect(await run({ threads: 1 }, `SELECT current_setting('threads')::INTEGER AS n`)).toEqual([{ n: 1 }]);
  });
});

describe('a DuckDB file that is loaded into', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'mcp-limits-'))));
  afterAll(async () => await rm(folder, { recursive: true }));
  const target = { id: 'a'.repeat(16), database: 'd', schema: 'main', table: 't', mode: 'create' } as const;
  const open = async (path: string, duckdb: DuckDBLimits) =>
    await openTarget({ roots: [], databases: { d: `duckdb:${path}` }, duckdb }, target, {
      step: 'load',
      attempt: 1,
      signal,
    });

  it('has the same limits', async () => {
    const path = join(folder, 'a.duckdb');
    const opened = await open(path, { memory: 64 * MB, threads: 1, spill: 32 * MB });
    const instance = await DuckDBInstance.fromCache(path);
    const connection = await instance.connect();
    try {
      const settings = await connection.run(
        `SELECT current_setting('memory_limit') AS memory, current_setting('threads')::INTEGER AS threads,
           current_setting('max_temp_directory_size') AS spill`,
      );
      expect(await settings.getRowObjects()).toEqual([{ memory: '61.0 MiB', threads: 1, spill: '30.5 MiB' }]);
    } finally {
      connection.closeSync();
      instance.closeSync();
      await opened.close();
    }
  });

  it('ends a statement at its time limit', async () => {
    const path = join(folder, 'b.duckdb');
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run(
      `CREATE TABLE "${loadTables(target.id).staging}" AS SELECT i AS a, repeat('x', 200) || i AS b FROM range(3000000) t(i)`,
    );
    connection.closeSync();
    instance.closeSync();
    const columns = [
      { name: 'a', type: 'BIGINT' },
      { name: 'b', type: 'VARCHAR' },
    ];
    for (const [time, outcome] of [
      ['10 minutes', 'ok'],
      ['1 ms', 'duckdb.time'],
    ] as const) {
      const opened = await open(path, { time });
      const digest = opened.digest({ columns }).then(
        () => 'ok',
        (error: unknown) => (error as Error).message,
      );
      expect(await digest).toContain(outcome);
      await opened.close();
    }
  });
});

describe('the limits', () => {
  it('have safe defaults', () => {
    const { memory, threads, spill, time } = effectiveLimits();
    expect(memory).toBeLessThanOrEqual(1_000_000_000);
    expect(threads).toBeLessThanOrEqual(4);
    expect({ spill, time }).toEqual({ spill: 10_000_000_000, time: 3_600_000 });
  });

  it('can be set in the environment', () => {
    const env = {
      MCP_TASKS_DUCKDB_MEMORY: '2000000000',
      MCP_TASKS_DUCKDB_THREADS: '2',
      MCP_TASKS_DUCKDB_SPILL: '0',
      MCP_TASKS_DUCKDB_TIME: '90 minutes',
    };
    expect(toolsConfigFromEnv(env).duckdb).toEqual({ memory: 2_000_000_000, threads: 2, spill: 0, time: '90 minutes' });
    expect(toolsConfigFromEnv({}).duckdb).toBeUndefined();
  });

  it.each([
    ['MCP_TASKS_DUCKDB_MEMORY', '1GB', 'must be a whole number of at least 10000000 bytes'],
    ['MCP_TASKS_DUCKDB_MEMORY', '1000', 'must be a whole number of at least 10000000 bytes'],
    ['MCP_TASKS_DUCKDB_THREADS', '0', 'must be a whole number of at least 1'],
    ['MCP_TASKS_DUCKDB_SPILL', '-1', 'must be a whole number of at least 0 bytes'],
    ['MCP_TASKS_DUCKDB_TIME', '60', "needs a unit: write '60 hours' or '60 seconds', whichever you mean"],
  ])('name the variable that is wrong: %s=%s', (variable, value, problem) => {
    expect(() => toolsConfigFromEnv({ [variable]: value })).toThrow(`${variable} ${problem}`);
  });

  it('are checked when the tools are defined', () => {
    expect(() => referenceTools({ roots: [], databases: {}, duckdb: { threads: 1.5 } })).toThrow(
      '`duckdb.threads` must be a whole number of at least 1',
    );
  });
});
