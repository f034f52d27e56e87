/** A DuckDB of its own, in memory, that can touch the given files and nothing else. @module */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBResult, DuckDBValue } from '@duckdb/node-api';
import { duckdb } from '../engines.js';
import { globLiteral, literal } from '../sql.js';
import { sourceError } from './errors.js';

export class SourceSession {
  private constructor(
    readonly instance: DuckDBInstance,
    readonly connection: DuckDBConnection,
    private readonly signal: AbortSignal,
    /** Where it puts what does not fit into memory. */
    private readonly spill: string,
  ) {
    signal.addEventListener('abort', this.#interrupt, { once: true });
  }

  /**
   * @param paths the files it may read
   * @param signal interrupts what is running
   * @param folder one it may write to
   */
  static async open(paths: readonly string[], signal: AbortSignal, folder?: string): Promise<SourceSession> {
    const { DuckDBInstance } = await duckdb();
    const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
    const connection = await instance.connect().catch((error: unknown) => {
      instance.closeSync();
      throw error;
    });
    // Not a shared one: DuckDB takes what it finds there for its own, and others could read it.
    const spill = mkdtempSync(join(tmpdir(), 'mcp-tasks-duckdb-'));
    const session = new SourceSession(instance, connection, signal, spill);
    // Order: with `false`, DuckDB gives the rows of one file in another order at each reading.
    // Time zone: a timestamp's text must not depend on where the worker runs.
    const settings = [
      'preserve_insertion_order = true',
      `TimeZone = 'UTC'`,
      `temp_directory = ${literal(spill)}`,
      'enable_progress_bar = true',
      'enable_progress_bar_print = false',
      // DuckDB asks for the glob first and then for what it matches.
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
   * @param files what is read, for errors in which DuckDB does not say
   * @throws ToolError that names file, row and column, if the file does not hold what its format and types say
   */
  async rows(sql: string, files?: readonly string[]): Promise<Record<string, DuckDBValue>[]> {
    return await this.#explained(async () => await (await this.connection.run(sql)).getRowObjects(), files);
  }

  /** A result that is fetched while it is read. */
  async stream(sql: string, files?: readonly string[]): Promise<DuckDBResult> {
    return await this.#explained(async () => await this.connection.stream(sql), files);
  }

  /** How much of what is running is done, from 0 to 1; DuckDB's own estimate. */
  get done(): number {
    return Math.min(1, Math.max(0, this.connection.progress.percentage / 100));
  }

  close(): void {
    this.signal.removeEventListener('abort', this.#interrupt);
    this.connection.closeSync();
    this.instance.closeSync();
    rmSync(this.spill, { recursive: true, force: true });
  }

  async #explained<T>(run: () => Promise<T>, files?: readonly string[]): Promise<T> {
    this.signal.throwIfAborted();
    try {
      return await run();
    } catch (error) {
      this.signal.throwIfAborted();
      throw sourceError(error, files);
    }
  }

  readonly #interrupt = (): void => this.connection.interrupt();
}
