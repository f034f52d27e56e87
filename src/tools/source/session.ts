/** A private in-memory DuckDB that can access only the given files and folder. @module */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance, DuckDBResult, DuckDBValue } from '@duckdb/node-api';
import { duckdb } from '../engines.js';
import { effectiveLimits, type DuckDBLimits, type EffectiveLimits } from '../duckdb-limits.js';
import { limitError, limitSettings, withinTime } from '../keep-duckdb-limits.js';
import { globLiteral, literal } from '../sql.js';
import { sourceError } from './errors.js';
import { RowReader } from './reader.js';

export interface SessionOptions {
  /** A folder that the session may also read and write. */
  readonly folder?: string;
  readonly limits?: DuckDBLimits | undefined;
}

export class SourceSession {
  private constructor(
    readonly instance: DuckDBInstance,
    readonly connection: DuckDBConnection,
    private readonly signal: AbortSignal,
    /** The folder for data that does not fit into memory. */
    private readonly spill: string,
    private readonly limits: EffectiveLimits,
  ) {
    signal.addEventListener('abort', this.#interrupt, { once: true });
  }

  /**
   * @param paths the files it may read
   * @param signal interrupts the running query
   */
  static async open(
    paths: readonly string[],
    signal: AbortSignal,
    { folder, limits: given }: SessionOptions = {},
  ): Promise<SourceSession> {
    const limits = effectiveLimits(given);
    const { DuckDBInstance } = await duckdb();
    const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
    const connection = await instance.connect().catch((error: unknown) => {
      instance.closeSync();
      throw error;
    });
    // A private folder: in a shared one, DuckDB treats other files as its own, and other users could read the data.
    const spill = mkdtempSync(join(tmpdir(), 'mcp-tasks-duckdb-'));
    const session = new SourceSession(instance, connection, signal, spill, limits);
    // Order: if `false`, DuckDB may return a file's rows in a different order on each read.
    // Time zone: a timestamp's text must not depend on where the worker runs.
    const settings = [
      'preserve_insertion_order = true',
      `TimeZone = 'UTC'`,
      `temp_directory = ${literal(spill)}`,
      ...limitSettings(limits),
      'enable_progress_bar = true',
      'enable_progress_bar_print = false',
      // DuckDB checks access for the glob first, then for each match.
      `allowed_paths = [${[...new Set([...paths, ...paths.map(globLiteral)])].map(literal).join(', ')}]`,
      ...(folder === undefined ? [] : [`allowed_directories = [${literal(folder)}]`]),
      'enable_external_access = false',
      'lock_configuration = true',
    ];
    try {
      for (const setting of settings) await session.rows(`SET ${setting}`);
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /**
   * Runs a query and returns its rows.
   *
   * @param files the files the query reads, for errors in which DuckDB does not name the file
   * @throws ToolError naming file, row and column if the data does not match its format and types, or naming the limit
   *   that was reached
   */
  async rows(sql: string, files?: readonly string[]): Promise<Record<string, DuckDBValue>[]> {
    return await this.#explained(async () => await (await this.connection.run(sql)).getRowObjects(), files);
  }

  /** Runs a query and returns a result that is fetched while it is read. */
  async stream(sql: string, files?: readonly string[]): Promise<DuckDBResult> {
    return await this.#explained(async () => await this.connection.stream(sql), files);
  }

  /** Runs a query and returns a reader of its rows, to be closed before the session. */
  async read(sql: string, files?: readonly string[]): Promise<RowReader> {
    const result = await this.stream(sql, files);
    return new RowReader(result, (error) => this.explain(error, files), this.#interrupt);
  }

  /** Runs a query and calls `each` with its rows, one chunk at a time, while DuckDB produces the next chunk. */
  async scan(sql: string, files: readonly string[], each: (data: DuckDBDataChunk) => Promise<void>): Promise<void> {
    await this.#explained(async () => {
      const result = await this.connection.stream(sql);
      let next = result.fetchChunk();
      for (;;) {
        const data = await next;
        if (!data || data.rowCount === 0) return;
        this.signal.throwIfAborted();
        next = result.fetchChunk();
        next.catch(() => {});
        try {
          await each(data);
        } catch (error) {
          await next.catch(() => {});
          throw error;
        }
      }
    }, files);
  }

  /** The completed share of the running query, from 0 to 1, as DuckDB estimates it. */
  get done(): number {
    return Math.min(1, Math.max(0, this.connection.progress.percentage / 100));
  }

  close(): void {
    this.signal.removeEventListener('abort', this.#interrupt);
    this.connection.closeSync();
    this.instance.closeSync();
    rmSync(this.spill, { recursive: true, force: true });
  }

  /** Returns the error to throw for one of DuckDB's. */
  explain(error: unknown, files?: readonly string[]): unknown {
    return limitError(error, this.limits) ?? sourceError(error, files);
  }

  async #explained<T>(run: () => Promise<T>, files?: readonly string[]): Promise<T> {
    this.signal.throwIfAborted();
    try {
      return await withinTime(this.limits, this.#interrupt, run);
    } catch (error) {
      this.signal.throwIfAborted();
      throw this.explain(error, files);
    }
  }

  readonly #interrupt = (): void => this.connection.interrupt();
}
