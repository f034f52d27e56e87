/** How a workflow's end becomes a task's outcome. Pure. @module */
import { ActivityFailure, ApplicationFailure, CancelledFailure, ChildWorkflowFailure, TerminatedFailure, TimeoutFailure, WorkflowFailedError } from '@temporalio/client';
import { valueAt } from '../task/json-pointer.js';
import { stepName } from '../task/names.js';
import { binaryResult, errorResult, toToolResult } from '../task/result.js';
import type { Outcome } from '../task/task.js';
import { TASK_ERROR, TOOL_ERROR } from '../tool/errors.js';

/** JSON-RPC's internal error. */
const INTERNAL_ERROR = -32603;

/** @param part a JSON pointer: which part of the value is the task's */
export function outcomeOfResult(value: unknown, workflowId: string, part = ''): Outcome {
  const result = valueAt(value, part);
  if (part !== '' && result === undefined) return tool(`The workflow's result has nothing at ${part}`);
  if (result instanceof Uint8Array) return { kind: 'result', result: binaryResult(result, `temporal://workflows/${workflowId}/result`) };
  return { kind: 'result', result: toToolResult(result) };
}

/**
 * @param error what awaiting the workflow threw. Anything but a workflow's failure is not an outcome and is thrown on
 * @param text what to say of a failure, instead of its message
 */
export function outcomeOfFailure(error: unknown, text?: string): Outcome {
  if (!(error instanceof WorkflowFailedError)) throw error;
  const { cause } = error;
  if (cause instanceof TerminatedFailure) return internalError(`The task was terminated: ${cause.message}`);
  if (cause instanceof TimeoutFailure) return internalError('The task timed out');
  return outcomeOfThrown(cause, undefined, text);
}

function outcomeOfThrown(failure: Error | undefined, step: string | undefined, text: string | undefined): Outcome {
  if (failure instanceof ActivityFailure) return outcomeOfThrown(failure.cause, stepName(failure.activityType), text);
  if (failure instanceof ChildWorkflowFailure) return outcomeOfThrown(failure.cause, failure.workflowType, text);
  if (failure instanceof CancelledFailure) return { kind: 'cancelled' };
  if (failure instanceof ApplicationFailure && failure.type === TASK_ERROR) return rpcError(failure);
  if (failure instanceof ApplicationFailure && failure.type === TOOL_ERROR) return tool(failure.message);
  if (text !== undefined) return tool(text);
  if (failure instanceof TimeoutFailure) return tool(`${step ?? 'the task'} timed out (${failure.timeoutType ?? 'no type'}): ${failure.message}`);
  if (failure instanceof TerminatedFailure) return tool(`${step ?? 'a child workflow'} was terminated: ${failure.message}`);
  return tool(failure?.message || `${step ?? 'the tool'} failed without a message`);
}

function tool(text: string): Outcome {
  return { kind: 'result', result: errorResult(text) };
}

function internalError(message: string): Outcome {
  return { kind: 'error', error: { code: INTERNAL_ERROR, message } };
}

function rpcError(failure: ApplicationFailure): Outcome {
  const { code, data } = (failure.details?.[0] ?? {}) as { code?: number; data?: unknown };
  return { kind: 'error', error: { code: code ?? INTERNAL_ERROR, message: failure.message, ...(data === undefined ? {} : { data }) } };
}
