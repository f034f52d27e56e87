/** Converts a workflow's end to a task's outcome. Pure. @module */
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/client';
import { valueAt } from '../../task/json-pointer.js';
import { stepName } from '../../task/names.js';
import { binaryResult, dataResult, errorResult, toToolResult } from '../../task/result.js';
import type { Outcome } from '../../task/task.js';
import type { WorkflowMapping } from '../../task/workflow-mapping.js';
import { TASK_ERROR, TOOL_ERROR } from '../../tool/errors.js';

/** JSON-RPC's code for an internal error. */
const INTERNAL_ERROR = -32603;

/**
 * Converts a workflow's result.
 * @param mapping the mapping of an existing workflow: its return value is treated as data, whatever it looks like
 */
export function outcomeOfResult(value: unknown, workflowId: string, mapping: WorkflowMapping | undefined): Outcome {
  const { part = '' } = mapping ?? {};
  const result = valueAt(value, part);
  if (part !== '' && result === undefined) return tool(`The workflow's result has nothing at ${part}`);
  if (result instanceof Uint8Array)
    return { kind: 'result', result: binaryResult(result, `temporal://workflows/${workflowId}/result`) };
  return { kind: 'result', result: mapping ? dataResult(result) : toToolResult(result) };
}

/**
 * Returns the outcome of a workflow whose result cannot be read.
 * @param why why not
 */
export function outcomeOfUnreadable(why: string): Outcome {
  return tool(`The workflow completed, but its result cannot be read. ${why}`);
}

/**
 * Returns the outcome of a workflow that was terminated.
 * @param text what happened, and what to do now
 */
export function outcomeOfTermination(text: string): Outcome {
  return internalError(text);
}

/**
 * Converts a workflow's failure.
 * @param failure what the workflow failed with
 * @param text the text to show instead of the failure's message
 */
export function outcomeOfFailure(failure: Error | undefined, text?: string): Outcome {
  if (failure instanceof TimeoutFailure) return internalError('The task timed out');
  return outcomeOfThrown(failure, undefined, text);
}

function outcomeOfThrown(failure: Error | undefined, step: string | undefined, text: string | undefined): Outcome {
  if (failure instanceof ActivityFailure) return outcomeOfThrown(failure.cause, stepName(failure.activityType), text);
  if (failure instanceof ChildWorkflowFailure) return outcomeOfThrown(failure.cause, failure.workflowType, text);
  if (failure instanceof CancelledFailure) return { kind: 'cancelled' };
  if (failure instanceof ApplicationFailure && failure.type === TASK_ERROR) return rpcError(failure);
  if (failure instanceof ApplicationFailure && failure.type === TOOL_ERROR) return tool(failure.message);
  if (text !== undefined) return tool(text);
  if (failure instanceof TimeoutFailure)
    return tool(`${step ?? 'The task'} timed out (${failure.timeoutType ?? 'unspecified'}): ${failure.message}`);
  if (failure instanceof TerminatedFailure)
    return tool(`${step ?? 'A child workflow'} was terminated: ${failure.message}`);
  return tool(failure?.message || `${step ?? 'The tool'} failed without a message.`);
}

function tool(text: string): Outcome {
  return { kind: 'result', result: errorResult(text) };
}

function internalError(message: string): Outcome {
  return { kind: 'error', error: { code: INTERNAL_ERROR, message } };
}

function rpcError(failure: ApplicationFailure): Outcome {
  const { code, data } = (failure.details?.[0] ?? {}) as { code?: number; data?: unknown };
  return {
    kind: 'error',
    error: { code: code ?? INTERNAL_ERROR, message: failure.message, ...(data === undefined ? {} : { data }) },
  };
}
