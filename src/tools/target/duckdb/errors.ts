/** Errors of a DuckDB file: which are worth another attempt, and what a person may read of them. Pure. @module */
import { ApplicationFailure } from '@temporalio/common';
import { ToolError } from '../../../tool/errors.js';

/** Another process has the file open, another transaction was faster, or the machine is short of something. */
const TRANSIENT =
  /Could not set lock|Conflicting lock|TransactionContext Error|Transaction conflict|write-write conflict|Conflict on|Out of Memory|No space left|Too many open files/i;
const OURS =
  /^(Catalog|Constraint|Binder|Parser|Conversion|Invalid Input|Not implemented|Dependency|IO|Permission|Serialization) Error/i;

/** A retryable failure, a `ToolError`, or the error itself, with the file's path replaced by the database's name. */
export function duckdbError(database: string, path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ApplicationFailure) return error;
  const [first = ''] = error.message.split('\n');
  const text = first.replaceAll(path, database);
  if (TRANSIENT.test(error.message))
    return ApplicationFailure.retryable(`database "${database}": ${text}`, 'DatabaseUnavailable');
  return OURS.test(error.message) ? new ToolError(`database "${database}": ${text}`) : error;
}

/** Whether another transaction has inserted the same key. */
export function isKeyConflict(error: unknown): boolean {
  return error instanceof Error && /duplicate key|Conflict on/i.test(error.message);
}
