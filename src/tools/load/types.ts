/**
 * Types that the steps of `load_dataset` pass to each other. Their values are stored in workflow histories, so they
 * must be JSON and small.
 * @module
 */
import type { Format, SourcePins } from '../source/pins.js';
import type { Where } from '../source/where.js';

export interface LoadArguments {
  readonly source: string;
  readonly format?: Format | undefined;
  readonly header?: boolean | undefined;
  /** Types by column name, for columns whose types should not be detected. */
  readonly types?: Readonly<Record<string, string>> | undefined;
  /** The columns to load. @default all */
  readonly columns?: readonly string[] | undefined;
  /** Which rows to load. @default all */
  readonly where?: Where | undefined;
  readonly database: string;
  readonly table: string;
  readonly mode: LoadMode;
  /** `upsert`: the columns that decide which rows are the same. */
  readonly key?: readonly string[] | undefined;
  /**
   * `replace`: whether the new table gets the indexes, constraints, grants and other settings of the old one. Missing in
   * calls of earlier versions, which lost them.
   */
  readonly keep?: boolean | undefined;
  readonly chunkRows: number;
}

/**
 * - `create`: fails if the table exists
 * - `replace`: puts the loaded table in its place
 * - `upsert`: adds the rows to the existing table; rows whose key exists are replaced
 */
export type LoadMode = 'create' | 'replace' | 'upsert';

/** Identifies one load and its tables for as long as any of them exists. */
export interface LoadTarget {
  /** Part of the names of the load's own tables. A hash of the task ID, because the ID itself is secret. */
  readonly id: string;
  /** The database's configured name. */
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  readonly mode: LoadMode;
  /** Only for `replace`: see {@link LoadArguments.keep}. */
  readonly keep?: true;
  /** Only for `upsert`. */
  readonly key?: readonly string[];
}

export interface LoadPlan {
  readonly target: LoadTarget;
  readonly source: SourcePins;
  readonly chunkRows: number;
}

export interface ChunkCounts {
  /** Total number of chunks. */
  readonly chunks: number;
  /** Chunks that more than one attempt began. Counted from a row that an attempt commits before it begins a chunk. */
  readonly chunksRedone: number;
  /** Attempts the load step took. */
  readonly attempts: number;
}

/** What an `upsert` did to the table. */
export interface MergeCounts {
  readonly inserted: number;
  readonly updated: number;
}

export interface Digest {
  readonly rows: number;
  /** Sum of a 60-bit hash of every row, in decimal. Counts duplicates and does not depend on the order of rows. */
  readonly checksum: string;
}

export interface LoadResult extends ChunkCounts {
  /** The loaded table, schema-qualified. */
  readonly table: string;
  /** Rows counted in the source, of those that match `where`. */
  readonly rowsIn: number;
  /** Rows of the source that do not match `where`. */
  readonly rowsExcluded?: number;
  /** Rows counted in the loaded table. */
  readonly rowsOut: number;
  /** `upsert`: rows that were new, and rows that have replaced others. */
  readonly rowsInserted?: number;
  readonly rowsUpdated?: number;
  /** Checksum of the rows, equal in the source and in the loaded table. */
  readonly checksum: string;
  readonly files: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Duration of the whole task, by the workflow's clock. */
  readonly seconds: number;
}

/** The steps, keyed by the activity types that the workflow calls. */
export interface LoadActivities {
  inspectSource(args: LoadArguments): Promise<LoadPlan>;
  createStaging(plan: LoadPlan): Promise<void>;
  loadChunks(plan: LoadPlan): Promise<ChunkCounts>;
  verifyStaging(plan: LoadPlan): Promise<Digest>;
  /** Puts the rows in place: the whole table, or the rows of an `upsert`, which it counts. */
  swapTables(plan: LoadPlan): Promise<MergeCounts | undefined>;
  /** Restores the database to its state before the load. */
  undoLoad(target: LoadTarget): Promise<void>;
  /**
   * Removes what an ended load leaves behind: the replaced table if the load completed. Otherwise restores the database
   * to its state before the load.
   */
  settleLoad(target: LoadTarget): Promise<void>;
}
