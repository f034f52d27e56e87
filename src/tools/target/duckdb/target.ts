/** A load's tables in a DuckDB file. @module */
import { setTimeout as pause } from 'node:timers/promises';
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import type { ChunkCounts, Digest, LoadTarget, MergeCounts } from '../../load/types.js';
import { digestSql } from '../../source/canonical.js';
import type { Chunk } from '../../source/chunks.js';
import type { Column, SourcePins } from '../../source/pins.js';
import type { RowBatch } from '../../source/reader.js';
import type { EffectiveLimits } from '../../duckdb-limits.js';
import { withinTime } from '../../keep-duckdb-limits.js';
import { ident } from '../../sql.js';
import { loadTables, type LoadTables } from '../names.js';
import type { Target } from '../target.js';
import { appendRows } from './append.js';
import { checkTable } from './check.js';
import { isKeyConflict } from './errors.js';
import { oneAtATime } from './one-at-a-time.js';
import { definitionsLike } from './structure.js';
import { nameOf, settleTables, swapTables, undoTables } from './swap.js';
import { checkUpsert, mergeRows, undoMerge } from './upsert.js';

/** How often to check whether another attempt in this process is done with a chunk, in milliseconds. */
const LOOK_AGAIN = 50;

/** An open DuckDB file. */
export interface DuckDBSession {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  /** Interrupts the running query. */
  readonly signal: AbortSignal;
  /** Maps an error of the database to the error to throw. */
  readonly explain: (error: unknown) => unknown;
  readonly limits: EffectiveLimits;
}

export class DuckDBTarget implements Target {
  readonly #names: LoadTables;

  constructor(
    private readonly session: DuckDBSession,
    private readonly target: LoadTarget,
  ) {
    this.#names = loadTables(target.id);
    session.signal.addEventListener('abort', this.#interrupt, { once: true });
  }

  async check(columns: readonly Column[]): Promise<void> {
    await checkTable(this.#query, this.target);
    if (this.target.mode === 'upsert') await checkUpsert(this.#query, this.target, columns);
  }

  async create(columns: readonly Column[], confirm = async (): Promise<void> => {}): Promise<void> {
    await this.check(columns);
    const exists = (await nameOf(this.#query, this.target.schema, this.target.table)) !== undefined;
    const definitions =
      this.target.keep && exists
        ? await definitionsLike(this.#query, this.target, columns)
        : columns.map(({ name, type }) => `${ident(name)} ${type}`);
    await oneAtATime(this.target.id, async () => {
      await confirm();
      await this.#query(`CREATE TABLE IF NOT EXISTS ${this.#table('staging')} (${definitions.join(', ')})`);
      await this.#query(
        `CREATE TABLE IF NOT EXISTS ${this.#table('ledger')} (chunk INTEGER PRIMARY KEY, rows BIGINT, attempt INTEGER)`,
      );
      await this.#query(`CREATE TABLE IF NOT EXISTS ${this.#table('starts')} (chunk INTEGER, attempt INTEGER)`);
    });
  }

  async committed(): Promise<Set<number>> {
    const rows = await this.#query(`SELECT chunk FROM ${this.#table('ledger')}`);
    return new Set(rows.map(({ chunk }) => Number(chunk)));
  }

  selectList(columns: readonly Column[]): string {
    return columns.map(({ name }) => ident(name)).join(', ');
  }

  async load(chunk: Chunk, attempt: number, batches: AsyncIterable<RowBatch>): Promise<boolean> {
    await this.#query(`INSERT INTO ${this.#table('starts')} VALUES (${chunk.number}, ${attempt})`);
    if (!(await this.#begin(chunk, attempt))) return false;
    try {
      await appendRows(this.session.connection, this.target.schema, this.#names.staging, batches);
    } catch (error) {
      await this.session.connection.run('ROLLBACK').catch(() => {});
      throw this.session.explain(error);
    }
    await this.#commit(chunk);
    return true;
  }

  async counts(): Promise<Pick<ChunkCounts, 'chunks' | 'chunksRedone'>> {
    const [row] = await this.#query(
      `SELECT (SELECT count(*) FROM ${this.#table('ledger')}) AS chunks,
         (SELECT count(*) FROM (SELECT chunk FROM ${this.#table('starts')} GROUP BY chunk HAVING count(*) > 1)) AS redone`,
    );
    return { chunks: Number(row?.['chunks']), chunksRedone: Number(row?.['redone']) };
  }

  async hash(): Promise<undefined> {
    return await Promise.resolve(undefined);
  }

  async digest({ columns, exact }: Pick<SourcePins, 'columns' | 'exact'>): Promise<Digest> {
    const [row] = await this.#query(digestSql(columns, this.#table('staging'), exact));
    return { rows: Number(row?.['rows']), checksum: String(row?.['checksum']) };
  }

  async swap(columns: readonly Column[]): Promise<MergeCounts | undefined> {
    if (this.target.mode === 'upsert') {
      let counts: MergeCounts | undefined;
      await oneAtATime(this.target.id, async () => {
        counts = await mergeRows(this.#query, this.target, this.#names, columns);
      });
      return counts;
    }
    await swapTables(this.#query, this.target, this.#names, columns, async () => await this.check(columns));
    return undefined;
  }

  async undo(): Promise<void> {
    const undo = this.target.mode === 'upsert' ? undoMerge : undoTables;
    await oneAtATime(this.target.id, async () => await undo(this.#query, this.target, this.#names));
  }

  async settle(): Promise<void> {
    await oneAtATime(this.target.id, async () => await settleTables(this.#query, this.target, this.#names));
  }

  async close(): Promise<void> {
    this.session.signal.removeEventListener('abort', this.#interrupt);
    this.session.connection.closeSync();
    this.session.instance.closeSync();
  }

  /**
   * Begins a transaction and inserts the chunk's ledger row.
   *
   * @returns false if another attempt has committed the chunk
   */
  async #begin(chunk: Chunk, attempt: number): Promise<boolean> {
    for (;;) {
      await this.#query('BEGIN');
      try {
        await this.session.connection.run(
          `INSERT INTO ${this.#table('ledger')} VALUES (${chunk.number}, ${chunk.rows}, ${attempt})`,
        );
        return true;
      } catch (error) {
        await this.session.connection.run('ROLLBACK');
        if (!isKeyConflict(error)) throw this.session.explain(error);
      }
      if ((await this.committed()).has(chunk.number)) return false;
      await pause(LOOK_AGAIN, undefined, { signal: this.session.signal });
    }
  }

  /**
   * Commits the chunk, unless another attempt has committed it. DuckDB lets two transactions insert the same key and
   * rejects the second at commit, which also rolls back its rows.
   */
  async #commit(chunk: Chunk): Promise<void> {
    try {
      await this.session.connection.run('COMMIT');
    } catch (error) {
      await this.session.connection.run('ROLLBACK').catch(() => {});
      if (isKeyConflict(error) && (await this.committed()).has(chunk.number)) return;
      throw this.session.explain(error);
    }
  }

  #table(name: keyof LoadTables): string {
    return ident(this.target.schema, this.#names[name]);
  }

  readonly #query = async (sql: string): Promise<Record<string, DuckDBValue>[]> => {
    this.session.signal.throwIfAborted();
    try {
      return await withinTime(this.session.limits, this.#interrupt, async () =>
        (await this.session.connection.run(sql)).getRowObjects(),
      );
    } catch (error) {
      throw this.session.explain(error);
    }
  };

  readonly #interrupt = (): void => this.session.connection.interrupt();
}
