/**
 * Finds out how a closed workflow ended. Its result or failure may have an encoding that this process does not know.
 * @module
 */
import { CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import { isMcpTasksError } from '../../task/errors.js';
import type { temporal } from '@temporalio/proto';
import type { Calls } from '../rpc/calls.js';
import type { NewestHistory, Run } from './history.js';
import { failureOf, valuesOf } from '../rpc/payloads.js';

export type End =
  | { readonly value: unknown }
  | { readonly failure: Error | undefined }
  /** The workflow has a result that cannot be read; this says why. */
  | { readonly unreadable: string };

/** The event that closed a run that no other run continues. */
export interface Closing {
  readonly runId: string;
  readonly event: temporal.api.history.v1.IHistoryEvent;
}

/**
 * Reads how a run ended from its closing event. Returns `undefined` if the event is not enough.
 * @throws McpTasksError `PAYLOAD_UNREADABLE` if that is a result, `TEMPORAL_UNAVAILABLE`, `CODEC_FAILED`,
 * `CONFIGURATION` if a codec server refuses
 */
export async function endIn(
  calls: Calls,
  { event }: Closing,
  workflowId: string,
  until: number,
): Promise<Exclude<End, { unreadable: string }> | undefined> {
  const context = { type: 'workflow', namespace: calls.client.options.namespace, workflowId } as const;
  const { workflowExecutionCompletedEventAttributes: completed, workflowExecutionFailedEventAttributes: failed } =
    event;
  if (failed?.failure) return { failure: await failureOf(calls, failed.failure, until, context) };
  if (!completed) return undefined;
  const [value] = await valuesOf(calls, completed.result?.payloads?.slice(0, 1), until, context);
  return { value };
}

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
  const event = await history.last(workflowId, runId, until);
  if (event?.workflowExecutionCanceledEventAttributes) return { failure: new CancelledFailure('') };
  try {
    return event && (await endIn(calls, { runId, event }, workflowId, until));
  } catch (error) {
    if (!isMcpTasksError(error, 'PAYLOAD_UNREADABLE')) throw error;
    return { unreadable: error.message };
  }
}
