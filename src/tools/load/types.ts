/** What the steps of `load_dataset` hand to each other. Part of running tasks' histories: JSON, and small. @module */
import type { Format, SourcePins } from '../source/pins.js';

export interface LoadArguments {
  readonly source: string;
  readonly format?: Format | undefined;
  readonly header?: boolean | undefined;
  readonly database: string;
  readonly table: string;
  readonly mode: LoadMode;
  readonly chunkRows: number;
}

/** `create` refuses a table that exists; `replace` puts the loaded table in its place. */
export type LoadMode = 'create' | 'replace';

/** Names one load and its tables, for as long as any of them exists. */
export interface LoadTarget {
  /** Part of the names of the load's own tables: a hash of the task's ID, which itself is nobody else's to know. */
  readonly id: string;
  /** The database's configured name. */
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  readonly mode: LoadMode;
}

export interface LoadPlan {
  readonly target: LoadTarget;
  readonly source: SourcePins;
  readonly chunkRows: number;
}

export interface ChunkCounts {
  /** Chunks in all. */
  readonly chunks: number;
  /** Chunks that more than one attempt began, measured by a mark that each attempt commits before it begins one. */
  readonly chunksRedone: number;
  /** How many attempts the step took. */
  readonly attempts: number;
}

export interface Digest {
  readonly rows: number;
  /** The sum of a 60-bit hash of every row, in decimal: the same for the same rows in any order, duplicates counted. */
  readonly checksum: string;
}

export interface LoadResult extends ChunkCounts {
  /** The table that was loaded, schema-qualified. */
  readonly table: string;
  /** Rows counted in the source. */
  readonly rowsIn: number;
  /** Rows counted in the loaded table. */
  readonly rowsOut: number;
  /** The checksum of the source's rows, which the loaded table's rows have as well. */
  readonly checksum: string;
  readonly files: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** How long the whole task took, by the workflow's clock. */
  readonly seconds: number;
}

/** The steps, by the activity types the workflow calls. */
export interface LoadActivities {
  inspectSource(args: LoadArguments): Promise<LoadPlan>;
  createStaging(plan: LoadPlan): Promise<void>;
  loadChunks(plan: LoadPlan): Promise<ChunkCounts>;
  verifyStaging(plan: LoadPlan): Promise<Digest>;
  swapTables(plan: LoadPlan): Promise<void>;
  /** Puts everything back as it was before the load. */
  undoLoad(target: LoadTarget): Promise<void>;
  /** Removes what a load that ended leaves: the replaced table after a swap, the staging table otherwise. */
  settleLoad(target: LoadTarget): Promise<void>;
}
