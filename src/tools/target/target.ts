/** What a load needs from a database. `postgres/` and `duckdb/` implement it. @module */
import type { ChunkCounts, Digest, LoadTarget, MergeCounts } from '../load/types.js';
import type { Chunk } from '../source/chunks.js';
import type { Column, SourcePins } from '../source/pins.js';
import type { RowBatch } from '../source/reader.js';

/**
 * A connection to the database for one attempt at one step.
 *
 * Methods throw a `ToolError` if a retry cannot help, and a retryable `ApplicationFailure` if the database is
 * unavailable or busy. Neither contains a URL or a password.
 */
export interface Target {
  /** Throws if the table cannot be loaded as requested. Called before any work and again at the swap. */
  check(columns: readonly Column[]): Promise<void>;
  /**
   * Creates those of the load's own tables that do not exist yet.
   *
   * @param confirm throws if the load has ended. Called while neither {@link undo} nor {@link settle} can run, so either
   *   they remove the tables later or nothing is created
   */
  create(columns: readonly Column[], confirm?: () => Promise<void>): Promise<void>;
  /** Returns the numbers of the committed chunks. */
  committed(): Promise<Set<number>>;
  /** Returns the DuckDB select list that produces the source rows for {@link load}. */
  selectList(columns: readonly Column[]): string;
  /**
   * Loads one chunk and its ledger row in one transaction. The ledger row comes first: if two attempts load the same
   * chunk at once, its key makes one wait for the other, and the second leaves the chunk alone.
   *
   * @returns true if `batches` was read, false if another attempt has already committed the chunk
   */
  load(chunk: Chunk, attempt: number, batches: AsyncIterable<RowBatch>): Promise<boolean>;
  counts(): Promise<Pick<ChunkCounts, 'chunks' | 'chunksRedone'>>;
  /** Returns how to hash rows so that {@link digest} is cheap; `undefined` means by MD5. */
  hash(): Promise<SourcePins['hash']>;
  /** Computes count and checksum of the staging table in the database itself, in the way the source's were computed. */
  digest(source: Pick<SourcePins, 'columns' | 'exact' | 'hash'>): Promise<Digest>;
  /**
   * Puts the staging table in the table's place, or merges its rows into the table, and records this in the same
   * transaction.
   *
   * @returns what a merge did
   */
  swap(columns: readonly Column[]): Promise<MergeCounts | undefined>;
  /** Restores the state before the load. Works even after {@link swap}, until {@link settle}. */
  undo(): Promise<void>;
  /** Drops the table that a swapped load replaced, or the tables that an unswapped load left behind. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Identifies the attempt that uses a connection. In PostgreSQL it names the session, so newer attempts can end it. */
export interface TargetSession {
  readonly step: string;
  readonly attempt: number;
  /** Cuts the connection (PostgreSQL) or interrupts the query (DuckDB). Uncommitted work is rolled back. */
  readonly signal: AbortSignal;
}

export type OpenTarget = (target: LoadTarget, session: TargetSession) => Promise<Target>;
