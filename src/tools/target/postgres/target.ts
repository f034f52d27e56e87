/** A load's tables in PostgreSQL. @module */
import { Buffer } from 'node:buffer';
import { basename } from 'node:path';
import type { ChunkCounts, Digest, LoadTarget, MergeCounts } from '../../load/types.js';
import type { Chunk } from '../../source/chunks.js';
import type { Column, SourcePins } from '../../source/pins.js';
import type { RowBatch } from '../../source/reader.js';
import { ident } from '../../sql.js';
import { ToolError } from '../../../tool/errors.js';
import { loadTables, type LoadTables } from '../names.js';
import type { Target } from '../target.js';
import { checkTable, LONGEST_NAME } from './check.js';
import { copyLine, HASH_CHECK, postgresDigestSql, postgresHashSql, postgresType } from './columns.js';
import { copyText } from './copy-text.js';
import { copyPlace, postgresError } from './errors.js';
import { sessionPrefix, type PostgresSession } from './session.js';
import { exclusive, settleTables, swapTables, undoTables } from './swap.js';
import { checkUpsert, mergeRows, undoMerge } from './upsert.js';

export class PostgresTarget implements Target {
  readonly #names: LoadTables;

  constructor(
    private readonly session: PostgresSession,
    private readonly target: LoadTarget,
  ) {
    this.#names = loadTables(target.id);
  }

  async check(columns: readonly Column[]): Promise<void> {
    for (const column of columns) {
      postgresType(column);
      if (Buffer.byteLength(column.name) > LONGEST_NAME)
        throw new ToolError(
          `the column name "${column.name}" is too long: PostgreSQL names have at most ${LONGEST_NAME} bytes`,
        );
    }
    await checkTable(this.session, this.target, columns);
    if (this.target.mode === 'upsert') await checkUpsert(this.session, this.target, columns);
  }

  async create(columns: readonly Column[], confirm = async (): Promise<void> => {}): Promise<void> {
    await this.check(columns);
    const definitions = columns.map((column) => `${ident(column.name)} ${postgresType(column)}`);
    // Take turns, because IF NOT EXISTS can still fail if two sessions create the same table at once.
    await exclusive(this.session, this.target, async () => {
      await confirm();
      await this.session.query(`CREATE TABLE IF NOT EXISTS ${this.#table('staging')} (${definitions.join(', ')})`);
      await this.session.query(
        `CREATE TABLE IF NOT EXISTS ${this.#table('ledger')} (chunk integer PRIMARY KEY, rows bigint NOT NULL, attempt integer NOT NULL)`,
      );
      await this.session.query(
        `CREATE TABLE IF NOT EXISTS ${this.#table('starts')} (chunk integer NOT NULL, attempt integer NOT NULL)`,
      );
    });
  }

  async committed(): Promise<Set<number>> {
    const rows = await this.session.query<{ chunk: number }>(`SELECT chunk FROM ${this.#table('ledger')}`);
    return new Set(rows.map(({ chunk }) => chunk));
  }

  selectList(columns: readonly Column[]): string {
    return copyLine(columns);
  }

  async load(chunk: Chunk, attempt: number, batches: AsyncIterable<RowBatch>): Promise<boolean> {
    await this.session.query(`INSERT INTO ${this.#table('starts')} VALUES ($1, $2)`, [chunk.number, attempt]);
    return await this.session.transaction(async () => {
      // The attempt that holds the chunk may be dead without the server knowing. A retry ends such sessions.
      await this.session.query(`SET LOCAL lock_timeout = '60s'`);
      const inserted = await this.session.query(
        `INSERT INTO ${this.#table('ledger')} VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING chunk`,
        [chunk.number, chunk.rows, attempt],
      );
      if (inserted.length === 0) return false;
      const copied = await this.#copy(chunk, batches);
      if (copied !== chunk.rows)
        throw new Error(`chunk ${chunk.number}: the database accepted ${copied} of ${chunk.rows} rows`);
      return true;
    });
  }

  async counts(): Promise<Pick<ChunkCounts, 'chunks' | 'chunksRedone'>> {
    const [row] = await this.session.query<{ chunks: string; redone: string }>(
      `SELECT (SELECT count(*) FROM ${this.#table('ledger')}) AS chunks,
         (SELECT count(*) FROM (SELECT FROM ${this.#table('starts')} GROUP BY chunk HAVING count(*) > 1) more) AS redone`,
    );
    return { chunks: Number(row?.chunks), chunksRedone: Number(row?.redone) };
  }

  /**
   * Checks the hash functions: they differ on big-endian machines, and may in databases that only resemble PostgreSQL.
   */
  async hash(): Promise<'columns' | undefined> {
    try {
      const [row] = await this.session.query<{ same: boolean }>(HASH_CHECK);
      return row?.same ? 'columns' : undefined;
    } catch (error) {
      if (error instanceof ToolError) return undefined;
      throw error;
    }
  }

  async digest({ columns, exact, hash }: Pick<SourcePins, 'columns' | 'exact' | 'hash'>): Promise<Digest> {
    const sql = hash ? postgresHashSql : postgresDigestSql;
    const [row] = await this.session.query<{ rows: string; checksum: string }>(
      sql(columns, this.#table('staging'), exact === true),
    );
    return { rows: Number(row?.rows), checksum: row?.checksum ?? '' };
  }

  async swap(columns: readonly Column[]): Promise<MergeCounts | undefined> {
    if (this.target.mode === 'upsert') return await mergeRows(this.session, this.target, this.#names, columns);
    await swapTables(this.session, this.target, this.#names, async () => await this.check(columns));
    return undefined;
  }

  async undo(): Promise<void> {
    await this.#stopOthers();
    const undo = this.target.mode === 'upsert' ? undoMerge : undoTables;
    await undo(this.session, this.target, this.#names);
  }

  async settle(): Promise<void> {
    await this.#stopOthers();
    await settleTables(this.session, this.target, this.#names);
  }

  /**
   * Ends the sessions of older attempts at `step`, which rolls back their transactions. Otherwise they could hold locks
   * until the network reports that their worker is dead.
   */
  async stopOlder(step: string, attempt: number): Promise<void> {
    await this.session.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE starts_with(application_name, $1) AND split_part(application_name, ' ', 4) ~ '^[0-9]+$'
         AND split_part(application_name, ' ', 4)::int < $2 AND pid <> pg_backend_pid()`,
      [`${sessionPrefix(this.target.id)}${step} `, attempt],
    );
  }

  async close(): Promise<void> {
    await this.session.close();
  }

  async #stopOthers(): Promise<void> {
    await this.session.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE starts_with(application_name, $1) AND pid <> pg_backend_pid()`,
      [sessionPrefix(this.target.id)],
    );
  }

  async #copy(chunk: Chunk, batches: AsyncIterable<RowBatch>): Promise<number> {
    try {
      return await this.session.copy(`COPY ${this.#table('staging')} FROM STDIN`, copyText(batches));
    } catch (error) {
      const place = copyPlace(error);
      const explained = postgresError(this.target.database, error);
      if (!place || !(explained instanceof ToolError)) throw explained;
      const column = place.column === undefined ? '' : `, column "${place.column}"`;
      const row = `row ${chunk.from + place.line}${chunk.filtered ? ' of those that match `where`' : ''}`;
      throw new ToolError(`${basename(chunk.path)}, ${row}${column}: ${explained.message}`);
    }
  }

  #table(name: keyof LoadTables): string {
    return ident(this.target.schema, this.#names[name]);
  }
}
