/** `callTool`: one await for a tool that may become a task, in either protocol version. @module */
import { setTimeout as delay } from 'node:timers/promises';
import { ProtocolError, type CallToolResult, type Client } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { patiently } from './patience.js';
import { InputDesk, type InputRequest, type OnInput } from './inputs.js';
import { letTasksThrough, MOVED_TASK } from './seam.js';
import { CallAnswer, GetAnswer, hasEnded, statusOf, type TaskStatus } from './status.js';
import { takesTask } from './tool-support.js';

export interface CallToolParams {
  readonly name: string;
  readonly arguments?: Record<string, unknown>;
}

export interface CallToolOptions {
  /** Called with the task when it is created and whenever a poll finds it changed. */
  readonly onStatus?: (status: TaskStatus) => void;
  /**
   * Answers the task's questions (2026-07-28), each asked once and beside the polling; the client has to declare the capabilities
   * it answers for (`elicitation`, `sampling`). What it throws rejects the call; the task goes on. @default questions stay open
   */
  readonly onInput?: OnInput;
  /** Aborting it cancels the task (or the call) and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long the server is asked to keep the task from its creation, in milliseconds; 2025-11-25 only. @default the server's choice */
  readonly ttl?: number;
  /** How long the server may be out of reach while the task runs, in milliseconds. @default 300 000 */
  readonly patience?: number;
  /** How long the answer to the call itself may take, in milliseconds: a tool that does not become a task answers only at its end. @default 60 000 */
  readonly timeout?: number;
}

/** What a client declares to get tasks in 2026-07-28: `new Client(info, { capabilities: tasksCapability })`. */
export const tasksCapability = { extensions: { 'io.modelcontextprotocol/tasks': {} } };

const PATIENCE = 300_000;
const TIMEOUT = 60_000;
const REQUEST_TIMEOUT = 30_000;

/**
 * Calls a tool and resolves with its result, however long it takes: where the server makes it a task, the task is polled at
 * the server's interval, through restarts of the server.
 *
 * @param client a connected `Client` of `@modelcontextprotocol/client`; in 2026-07-28 it has to declare {@link tasksCapability}
 * @returns the tool's result, also one with `isError`
 * @throws ProtocolError the JSON-RPC error the call or its task ended with; -32600 for a task that somebody cancelled
 * @throws the signal's reason
 */
export async function callTool(client: Client, params: CallToolParams, options: CallToolOptions = {}): Promise<CallToolResult> {
  const { signal, timeout = TIMEOUT } = options;
  const era = client.getProtocolEra() === 'modern' ? '2026-07-28' : '2025-11-25';
  const task = era === '2025-11-25' && (await takesTask(client, params.name)) ? { task: options.ttl === undefined ? {} : { ttl: options.ttl } } : {};
  letTasksThrough(client);
  const answer = await client.request({ method: 'tools/call', params: { ...params, ...task } }, CallAnswer, { timeout, ...(signal ? { signal } : {}) });
  const created = createdTask(answer);
  if (!created) return answer as CallToolResult;
  try {
    return await awaitTask(client, era, created, options);
  } catch (error) {
    if (!signal?.aborted) throw error;
    await cancel(client, created.taskId);
    throw signal.reason;
  }
}

function createdTask({ task, _meta }: z.infer<typeof CallAnswer>): TaskStatus | undefined {
  const created = task ?? _meta?.[MOVED_TASK];
  return created && statusOf(created);
}

async function awaitTask(client: Client, era: '2025-11-25' | '2026-07-28', created: TaskStatus, { onStatus, onInput, signal, patience = PATIENCE }: CallToolOptions): Promise<CallToolResult> {
  const request = async <T>(method: string, schema: z.ZodType<T>, params: object = {}): Promise<T> =>
    await patiently<T>(
      async () => await client.request({ method, params: { taskId: created.taskId, ...params } }, schema, { timeout: REQUEST_TIMEOUT, ...(signal ? { signal } : {}) }),
      { patience, signal, answersAreFinal: method === 'tasks/result' },
    );
  const desk = new InputDesk(onInput, async (inputResponses) => await request('tasks/update', z.looseObject({}), { inputResponses }));
  let shown: string | undefined;
  const show = (status: TaskStatus): void => {
    const now = JSON.stringify(status);
    if (now !== shown) onStatus?.(status);
    shown = now;
  };
  show(created);
  for (let { pollInterval } = created; ; ) {
    await delay(pollInterval, undefined, signal ? { signal } : {});
    const task = await request('tasks/get', GetAnswer);
    const status = statusOf(task);
    show(status);
    if (hasEnded(status)) return era === '2025-11-25' ? ((await request('tasks/result', z.looseObject({}))) as CallToolResult) : inlinedResult(task, status);
    desk.take((task as { inputRequests?: Record<string, InputRequest> }).inputRequests);
    pollInterval = status.pollInterval;
  }
}

function inlinedResult(task: z.infer<typeof GetAnswer>, { status, statusMessage }: TaskStatus): CallToolResult {
  const { result, error } = task as { result?: CallToolResult; error?: { code: number; message: string; data?: unknown } };
  if (result) return result;
  if (error) throw new ProtocolError(error.code, error.message, error.data);
  throw new ProtocolError(-32600, statusMessage ?? `The task is ${status} without a result`);
}

/** Best effort: the caller has gone, and the task may have ended. */
async function cancel(client: Client, taskId: string): Promise<void> {
  await client.request({ method: 'tasks/cancel', params: { taskId } }, z.looseObject({}), { timeout: REQUEST_TIMEOUT }).catch(() => undefined);
}
