/**
 * Pushes the tasks of a `subscriptions/listen` request as `notifications/tasks` when they change (2026-07-28).
 * @module
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  SUBSCRIPTION_ID_META_KEY,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type RequestId,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { isMcpTasksError } from '../task/errors.js';
import type { RpcError } from '../task/task.js';
import { detailedTask2026, TASKS_EXTENSION } from '../wire/v2026.js';
import { asRpcFaults } from '../mcp/request/errors.js';
import { fittingTask } from '../mcp/handlers/output.js';
import type { Owner } from '../mcp/request/owner.js';
import type { TaskService } from '../mcp/service.js';

/** The maximum number of tasks that one subscription can follow. Each costs a long poll. */
const MOST_TASKS = 100;

export const LISTEN = 'subscriptions/listen';

const Listen = z.looseObject({
  id: z.union([z.string(), z.number()]),
  method: z.literal(LISTEN),
  params: z.looseObject({
    notifications: z.looseObject({ taskIds: z.array(z.string()) }),
    _meta: z
      .looseObject({
        [CLIENT_CAPABILITIES_META_KEY]: z.looseObject({ extensions: z.looseObject({}).optional() }).optional(),
      })
      .optional(),
  }),
});

/** A `subscriptions/listen` request that names tasks. */
export interface TaskListen {
  readonly id: RequestId;
  readonly taskIds: readonly string[];
  /** Whether the request declares the tasks extension. */
  readonly declared: boolean;
}

/**
 * Parses a `subscriptions/listen` request that names tasks. Returns `undefined` for any other message, including a
 * subscription without tasks: the SDK handles those alone.
 */
export function taskListen(message: unknown): TaskListen | undefined {
  const parsed = Listen.safeParse(message);
  if (!parsed.success) return undefined;
  const { id, params } = parsed.data;
  const extensions = params._meta?.[CLIENT_CAPABILITIES_META_KEY]?.extensions ?? {};
  return { id, taskIds: [...new Set(params.notifications.taskIds)], declared: TASKS_EXTENSION in extensions };
}

/** Returns the error -32021 for a request that does not declare the tasks extension. */
export function undeclared(id: RequestId): JSONRPCMessage {
  const data = { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } };
  return { jsonrpc: '2.0', id, error: { code: -32021, message: 'Missing required client capability', data } };
}

/**
 * Returns the requested tasks that the owner may follow, 100 at most. Tasks of others are left out, as if they did not
 * exist.
 * @throws RpcFault if a task cannot be read
 */
export async function honouredTasks(
  { engine, logger }: TaskService,
  owner: Owner,
  { taskIds }: TaskListen,
  signal: AbortSignal,
): Promise<string[]> {
  return await asRpcFaults(logger, { method: LISTEN }, signal, async () => {
    const looks = taskIds
      .slice(0, MOST_TASKS)
      .map(async (id) => await engine.get(owner.id, id).then(() => [id], absent));
    return (await Promise.all(looks)).flat();
  });
}

function absent(error: unknown): string[] {
  if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return [];
  throw error;
}

type Acknowledgement = JSONRPCNotification & { readonly params: { readonly notifications: object } };

export function isAcknowledgement(message: JSONRPCMessage): message is Acknowledgement {
  return 'method' in message && message.method === 'notifications/subscriptions/acknowledged';
}

/** Adds the honoured task IDs to the SDK's acknowledgement of a subscription. */
export function withTasks(acknowledgement: Acknowledgement, taskIds: readonly string[]): JSONRPCMessage {
  const { params } = acknowledgement;
  return { ...acknowledgement, params: { ...params, notifications: { ...params.notifications, taskIds } } };
}

/** Returns whether the subscription is only for tasks, so that the SDK itself has nothing to send on it. */
export function isForTasksAlone({ params }: Acknowledgement): boolean {
  return Object.keys(params.notifications).length === 0;
}

/** Returns the ID of the subscription that a message belongs to. */
export function subscriptionOf(message: object): unknown {
  return (message as { params?: { _meta?: Record<string, unknown> } }).params?._meta?.[SUBSCRIPTION_ID_META_KEY];
}

/** Returns the message with which the server ends a subscription: the answer to its request. */
export function ending(id: RequestId): JSONRPCMessage {
  return { jsonrpc: '2.0', id, result: { resultType: 'complete', _meta: { [SUBSCRIPTION_ID_META_KEY]: id } } };
}

/** Returns the error answer to a `subscriptions/listen` request that is refused or cannot continue. */
export function failing(id: RequestId, { code, message, data }: RpcError): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

type Send = (message: JSONRPCMessage) => void;

/**
 * Sends each task's current state, then again whenever it changes. Resolves when all tasks have ended, the server
 * closes or `signal` is aborted.
 * @throws RpcFault for the first task that can no longer be followed; the caller must then abort `signal` to stop the
 * others
 */
export async function pushTasks(
  service: TaskService,
  owner: Owner,
  id: RequestId,
  taskIds: readonly string[],
  send: Send,
  signal: AbortSignal,
): Promise<void> {
  const push = async (taskId: string): Promise<void> =>
    await pushTask(service, owner, id, taskId, send, signal).catch(over);
  await Promise.all(
    taskIds.map(async (taskId) => {
      try {
        await asRpcFaults(service.logger, { method: LISTEN, taskId }, signal, async () => await push(taskId));
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }),
  );
}

async function pushTask(
  service: TaskService,
  owner: Owner,
  id: RequestId,
  taskId: string,
  send: Send,
  signal: AbortSignal,
): Promise<void> {
  let sent: string | undefined;
  for await (const task of service.engine.watch(owner.id, taskId, signal)) {
    const view = detailedTask2026(await fittingTask(service, task), service.pollInterval);
    const now = JSON.stringify(view);
    if (now !== sent)
      send({
        jsonrpc: '2.0',
        method: 'notifications/tasks',
        params: { ...view, _meta: { [SUBSCRIPTION_ID_META_KEY]: id } },
      });
    sent = now;
  }
}

/**
 * Ignores the errors that end a watch normally: the task has expired, or the server is closing, which is the only
 * reason for a watch to fail with `TEMPORAL_UNAVAILABLE`. Rethrows all others.
 */
function over(error: unknown): void {
  if (!isMcpTasksError(error, 'TASK_NOT_FOUND') && !isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE')) throw error;
}
