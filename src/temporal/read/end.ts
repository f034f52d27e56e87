/**
 * Finds out how a closed workflow ended. Its result or failure may have an encoding that this process does not know.
 * @module
 */
import { CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import { isMcpTasksError } from '../../task/errors.js';
import type { Calls } from '../rpc/calls.js';
import type { NewestHistory, Run } from './history.js';
import { failureOf, valuesOf } from '../rpc/payloads.js';

export type End =
  | { readonly value: unknown }
  | { readonly failure: Error | undefined }
  /** The workflow has a result that cannot be read; this says why. */
  | { readonly unreadable: string };

/**
 * Reads how a closed run ended.
 * @throws McpTasksError `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED`, `CODEC_FAILED`, `CONFIGURATION` if a codec server
 * refuses
 */
export async function endOf(calls: Calls, history: NewestHistory, run: Run, until: number): Promise<End> {
  try {
    return {
      value: await calls.run(
        until,
        async () => await calls.client.workflow.getHandle(run.workflowId, run.runId).result(),
      ),
    };
  } catch (error) {
    if (isMcpTasksError(error) && error.code !== 'PAYLOAD_UNREADABLE') throw error;
    if (error instanceof WorkflowFailedError) return { failure: error.cause };
    // Temporal answered, but a payload could not be decoded.
    const end = await readableEnd(calls, history, run, until);
    if (end) return end;
    throw error;
  }
}

async function readableEnd(
  calls: Calls,
  history: NewestHistory,
  { workflowId, runId }: Run,
  until: number,
): Promise<End | undefined> {
  const context = { type: 'workflow', namespace: calls.client.options.namespace, workflowId } as const;
  const last = await history.last(workflowId, runId, until);
  const failure = last?.workflowExecutionFailedEventAttributes?.failure;
  if (failure) return { failure: await failureOf(calls, failure, until, context) };
  if (last?.workflowExecutionCanceledEventAttributes) return { failure: new CancelledFailure('') };
  try {
    const [value] = await valuesOf(
      calls,
      last?.workflowExecutionCompletedEventAttributes?.result?.payloads?.slice(0, 1),
      until,
      context,
    );
    return last?.workflowExecutionCompletedEventAttributes ? { value } : undefined;
  } catch (error) {
    if (!isMcpTasksError(error, 'PAYLOAD_UNREADABLE')) throw error;
    return { unreadable: error.message };
  }
}
