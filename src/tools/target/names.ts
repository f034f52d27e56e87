/** The names of a load's own tables, which lie beside the table it loads. Pure. @module */
import { createHash } from 'node:crypto';

export interface LoadTables {
  /** Where the rows go until they are complete and checked. */
  readonly staging: string;
  /** One row for each chunk that is in `staging`, committed together with it. */
  readonly ledger: string;
  /** One row for each time an attempt began a chunk. */
  readonly starts: string;
  /** Exists once the staging table is swapped in; says what was swapped. */
  readonly swapped: string;
  /** The table that was replaced, until the task has ended. */
  readonly kept: string;
}

/** The part of the names that stands for a task. The task's ID gives access to the task, so it is hashed. */
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
