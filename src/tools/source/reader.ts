/**
 * Reads a streaming result in pieces of a given number of rows, regardless of DuckDB's fetch sizes. DuckDB produces the
 * next rows while the last ones are processed.
 * @module
 */
import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import { ToolError } from '../../tool/errors.js';

/** Rows `from` (inclusive) to `to` (exclusive) of one chunk that DuckDB fetched. */
export interface RowBatch {
  readonly data: DuckDBDataChunk;
  readonly from: number;
  readonly to: number;
}

export class RowReader {
  #data: DuckDBDataChunk | undefined;
  #next = 0;
  #ahead: Promise<DuckDBDataChunk | null> | undefined;

  /**
   * @param explain maps an error of the source to the error to throw
   * @param interrupt makes DuckDB stop
   */
  constructor(
    private readonly result: DuckDBResult,
    private readonly explain: (error: unknown) => unknown,
    private readonly interrupt: () => void = () => {},
  ) {}

  /**
   * Yields the next `count` rows.
   *
   * @throws ToolError if fewer are left, which means that the file has changed
   */
  async *take(count: number): AsyncGenerator<RowBatch> {
    let left = count;
    while (left > 0) {
      const data = await this.#current();
      const from = this.#next;
      const to = Math.min(data.rowCount, from + left);
      this.#next = to;
      left -= to - from;
      yield { data, from, to };
    }
  }

  /** Reads and discards the next `count` rows. */
  async skip(count: number): Promise<void> {
    for await (const batch of this.take(count)) void batch;
  }

  /** Waits until DuckDB no longer works for this reader. Its connection must not be closed before. */
  async close(): Promise<void> {
    this.interrupt();
    await this.#ahead?.catch(() => {});
  }

  async #current(): Promise<DuckDBDataChunk> {
    if (this.#data && this.#next < this.#data.rowCount) return this.#data;
    const data = await this.#fetch();
    if (!data || data.rowCount === 0)
      throw new ToolError(
        'the source has changed since the task began: it has fewer rows now; start a new task when it is complete',
      );
    this.#data = data;
    this.#next = 0;
    return data;
  }

  async #fetch(): Promise<DuckDBDataChunk | null> {
    const fetched = this.#ahead ?? this.result.fetchChunk();
    this.#ahead = undefined;
    try {
      const data = await fetched;
      if (data && data.rowCount > 0) {
        this.#ahead = this.result.fetchChunk();
        // Whoever fetches next gets the error; if nobody does, it does not matter.
        this.#ahead.catch(() => {});
      }
      return data;
    } catch (error) {
      throw this.explain(error);
    }
  }
}
