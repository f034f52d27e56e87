/** Decides which DuckDB errors to retry and what people may see of them. Pure. @module */
import { ApplicationFailure } from '@temporalio/common';
import { ToolError } from '../../../tool/errors.js';

/** Another process has the file open, another transaction was first, or the machine is short of resources. */
const TRANSIENT =
  /Could not set lock|Conflicting lock|TransactionContext Error|Transaction conflict|write-write conflict|Conflict on|Out of Memory|No space left|Too many open files/i;
const OURS =
  /^(Catalog|Constraint|Binder|Parser|Conversion|Invalid Input|Not implemented|Dependency|IO|Permission|Serialization) Error|^Failed to append: .*constraint/i;

/**
 * Returns the error to throw: a retryable failure, a `ToolError`, or the error itself. In the first two, the database's
 * name replaces the file's path.
 */
export function duckdbError(database: string, path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ApplicationFailure) return error;
  const [first = ''] = error.message.split('\n');
  const text = first.replaceAll(path, database);
  if (TRANSIENT.test(error.message))
    return ApplicationFailure.retryable(`database "${database}": ${text}`, 'DatabaseUnavailable');
  return OURS.test(error.message) ? new ToolError(`database "${database}": ${text}`) : error;
}

/** Returns whether another transaction has inserted the same key. */
export function isKeyConflict(error: unknown): boolean {
  return error instanceof Error && /duplicate key|Conflict on/i.test(error.message);
}
