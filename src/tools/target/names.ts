/** Names a load's own tables, which are in the same schema as the table it loads. Pure. @module */
import { createHash } from 'node:crypto';

export interface LoadTables {
  /** Receives the rows until they are complete and checked. */
  readonly staging: string;
  /** Has one row for each chunk in `staging`, committed together with the chunk. */
  readonly ledger: string;
  /** Has one row for each time an attempt began a chunk. */
  readonly starts: string;
  /** Exists once the staging table is swapped in, and records the swap. */
  readonly swapped: string;
  /** The replaced table, until the task has ended. */
  readonly kept: string;
}

/** Returns the part of the names that identifies a task: a hash, because the task ID itself grants access. */
export function loadId(taskId: string): string {
  return createHash('sha256').update(taskId).digest('hex').slice(0, 20);
}

export function loadTables(id: string): LoadTables {
  const name = (suffix: string): string => `mcp_${id}_${suffix}`;
  return {
    staging: name('staging'),
    ledger: name('ledger'),
    starts: name('starts'),
    swapped: name('swapped'),
    kept: name('kept'),
  };
}
