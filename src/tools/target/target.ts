/** What a load needs of a database. One implementation a database, see `postgres/` and `duckdb/`. @module */
import type { ChunkCounts, Digest, LoadTarget } from '../load/types.js';
import type { Chunk } from '../source/chunks.js';
import type { Column } from '../source/pins.js';
import type { RowBatch } from '../source/reader.js';

/**
 * A connection to the database for one attempt at one step.
 *
 * Errors: a `ToolError` for what another attempt cannot change, a retryable `ApplicationFailure` for a database that is
 * away or busy. Neither names a URL or a password.
 */
export interface Target {
  /** Fails if the table cannot be loaded as asked: before any work, and again at the swap. */
  check(columns: readonly Column[]): Promise<void>;
  /** Creates the load's own tables; nothing happens where they exist. */
  create(columns: readonly Column[]): Promise<void>;
  /** The numbers of the chunks that are committed. */
  committed(): Promise<Set<number>>;
  /** DuckDB SQL: what {@link load} takes of the source, as a select list. */
  selectList(columns: readonly Column[]): string;
  /**
   * Loads one chunk and its ledger row in one transaction, the ledger row first: its key makes an attempt that is still
   * alive wait for this one, or this one for that, and whoever comes second leaves the chunk alone.
   *
   * @returns whether `batches` was read; it is not where another attempt has committed the chunk already
   */
  load(chunk: Chunk, attempt: number, batches: AsyncIterable<RowBatch>): Promise<boolean>;
  counts(): Promise<Pick<ChunkCounts, 'chunks' | 'chunksRedone'>>;
  /** Count and checksum of the staging table, by the database's own reading of it. */
  digest(columns: readonly Column[]): Promise<Digest>;
  /** Puts the staging table in the table's place, in one transaction with the mark that says so. */
  swap(columns: readonly Column[]): Promise<void>;
  /** Puts everything back as it was; also after {@link swap}, until {@link settle}. */
  undo(): Promise<void>;
  /** Drops what a swapped load has replaced, or what a load that was not swapped has left. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Who works on the database: shown there beside the connection, and what is stopped when a newer attempt takes over. */
export interface TargetSession {
  readonly step: string;
  readonly attempt: number;
  /** Closes the connection at once; what it had not committed is rolled back. */
  readonly signal: AbortSignal;
}

export type OpenTarget = (target: LoadTarget, session: TargetSession) => Promise<Target>;
