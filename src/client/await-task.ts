/** Follows a task to its end by polling, in either protocol version. @module */
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { milliseconds } from '../task/duration.js';
import { JsonRpcError } from './errors.js';
import type { InputDesk } from './inputs.js';
import { AnyResult, ask, eraOf, type McpClient, type ToolResult } from './mcp-client.js';
import type { ResumeOptions } from './options.js';
import { patiently } from './patience.js';
import { OpenResult } from './open-result.js';
import { Tap } from './seam.js';
import { GetAnswer, hasEnded, statusOf, type TaskStatus } from './status.js';

/** How long a single request about a task may take, in milliseconds. */
export const REQUEST_TIMEOUT = 30_000;
const INVALID_PARAMS = -32602;

/** How a task ended. An error is either the task's own or says that the server no longer has the task. */
export type TaskEnd = { readonly result: ToolResult } | { readonly error: JsonRpcError };

export interface Waiting extends ResumeOptions {
  readonly desk: InputDesk | undefined;
  /** The task as it was created. If missing, the task is polled right away. */
  readonly created?: TaskStatus;
  /** Whether anyone wants progress. It arrives only while a stream is open. */
  readonly progress?: boolean;
}

/**
 * Polls a task until it ends.
 * @throws anything but the task's own error: the server was unreachable for longer than `patience`, `onInput` threw,
 * the signal aborted
 */
export async function awaitTask(client: McpClient, taskId: string, options: Waiting): Promise<TaskEnd> {
  const { desk, signal, patience = '5 minutes', progress = false } = options;
  const request = async <T>(
    method: string,
    schema: z.ZodType<T>,
    params: object = {},
    answersAreFinal = false,
  ): Promise<T> => {
    const send = async (): Promise<T> => {
      Tap.of(client);
      return await ask(client, { method, params: { taskId, ...params } }, schema, { timeout: REQUEST_TIMEOUT, signal });
    };
    return await patiently(send, { patience: milliseconds(patience, 'patience'), signal, answersAreFinal });
  };
  const show = onChange(options.onStatus);
  const open = new OpenResult(client, taskId);
  const old = eraOf(client) === '2025-11-25';
  try {
    for (let status = options.created; ;) {
      if (status) {
        show(status);
        if (old && (progress || status.status === 'input_required')) open.hold();
        await delay(status.pollInterval, undefined, signal ? { signal } : {});
      }
      const task = await request('tasks/get', GetAnswer).catch((error: unknown) => gone(taskId, error));
      if (task instanceof JsonRpcError) return { error: task };
      status = statusOf(task);
      if (hasEnded(status)) {
        show(status);
        // A completed task has no error of its own: an error here comes from the server and may be temporary.
        if (old) return await ended(request('tasks/result', AnyResult, {}, status.status !== 'completed'));
        return inlined(task, status);
      }
      const { inputRequests = {} } = task as { inputRequests?: Parameters<InputDesk['take']>[0] };
      desk?.take(inputRequests, async (inputResponses) => await request('tasks/update', AnyResult, { inputResponses }));
    }
  } finally {
    open.close();
  }
}

function onChange(onStatus: ResumeOptions['onStatus']): (status: TaskStatus) => void {
  let shown: string | undefined;
  return (status) => {
    const now = JSON.stringify(status);
    if (now !== shown) onStatus?.(status);
    shown = now;
  };
}

function gone(taskId: string, error: unknown): JsonRpcError {
  if (!(error instanceof JsonRpcError) || error.code !== INVALID_PARAMS) throw error;
  return new JsonRpcError(INVALID_PARAMS, `The server no longer has the task ${taskId}: ${error.message}`, error.data, {
    cause: error,
  });
}

async function ended(answer: Promise<object>): Promise<TaskEnd> {
  return await answer.then(
    (result) => ({ result: result as ToolResult }),
    (error: unknown) => {
      if (error instanceof JsonRpcError) return { error };
      throw error;
    },
  );
}

function inlined(task: GetAnswer, { status, statusMessage }: TaskStatus): TaskEnd {
  const { result, error } = task as { result?: ToolResult; error?: { code: number; message: string; data?: unknown } };
  if (result) return { result };
  if (error) return { error: new JsonRpcError(error.code, error.message, error.data) };
  return { error: new JsonRpcError(-32600, statusMessage ?? `The task is ${status} and has no result`) };
}
