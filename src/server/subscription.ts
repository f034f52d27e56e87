/** `notifications/tasks`: the tasks of a `subscriptions/listen` request, pushed as they change (protocol 2026-07-28). @module */
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

/** The most tasks one subscription can follow; each costs a long poll. */
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

/** A request to listen that names tasks. */
export interface TaskListen {
  readonly id: RequestId;
  readonly taskIds: readonly string[];
  /** Whether it declares the tasks extension. */
  readonly declared: boolean;
}

/** `undefined` for any other message, and for a request to listen that names no tasks: those are the SDK's alone. */
export function taskListen(message: unknown): TaskListen | undefined {
  const parsed = Listen.safeParse(message);
  if (!parsed.success) return undefined;
  const { id, params } = parsed.data;
  const extensions = params._meta?.[CLIENT_CAPABILITIES_META_KEY]?.extensions ?? {};
  return { id, taskIds: [...new Set(params.notifications.taskIds)], declared: TASKS_EXTENSION in extensions };
}

/** -32021, for a request that does not declare the extension. */
export function undeclared(id: RequestId): JSONRPCMessage {
  const data = { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } };
  return { jsonrpc: '2.0', id, error: { code: -32021, message: 'Missing required client capability', data } };
}

/**
 * Which of the tasks the owner may follow: what is not theirs is left out, as if it did not exist.
 * @throws RpcFault
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

/** The subscription's acknowledgement as the SDK made it, with the tasks that are honoured. */
export function withTasks(acknowledgement: Acknowledgement, taskIds: readonly string[]): JSONRPCMessage {
  const { params } = acknowledgement;
  return { ...acknowledgement, params: { ...params, notifications: { ...params.notifications, taskIds } } };
}

/** Whether the SDK itself has nothing to send on this subscription. */
export function isForTasksAlone({ params }: Acknowledgement): boolean {
  return Object.keys(params.notifications).length === 0;
}

/** Whose subscription a message belongs to. */
export function subscriptionOf(message: object): unknown {
  return (message as { params?: { _meta?: Record<string, unknown> } }).params?._meta?.[SUBSCRIPTION_ID_META_KEY];
}

/** How a subscription ends by the server's doing: the answer to its request. */
export function ending(id: RequestId): JSONRPCMessage {
  return { jsonrpc: '2.0', id, result: { resultType: 'complete', _meta: { [SUBSCRIPTION_ID_META_KEY]: id } } };
}

/** The answer to a request to listen that is refused, or cannot go on. */
export function failing(id: RequestId, { code, message, data }: RpcError): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

type Send = (message: JSONRPCMessage) => void;

/**
 * Sends each task as it is, then again whenever it has changed; resolves when all have ended, the server closes or `signal` is aborted.
 * @throws RpcFault of the first task that cannot be followed any further; the caller is to end the others by `signal`
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

/** The task's time is over, or the server closes, which is all that ends a watch as unavailable: there is no more to say. */
function over(error: unknown): void {
  if (!isMcpTasksError(error, 'TASK_NOT_FOUND') && !isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE')) throw error;
}
