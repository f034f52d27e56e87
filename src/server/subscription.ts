/** Pushes the tasks that a client has subscribed to whenever they change. @module */
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/server';
import { fittingTask } from '../mcp/handlers/output.js';
import { asRpcFaults } from '../mcp/request/faults.js';
import type { TaskService } from '../mcp/service.js';
import type { Owner } from '../protocol/request.js';
import type { ProtocolVersion, Subscription, Subscriptions } from '../protocol/version.js';
import { isMcpTasksError } from '../task/errors.js';
import type { RpcError } from '../task/task.js';

/** The maximum number of tasks that one subscription can follow. Each costs a long poll. */
const MOST_TASKS = 100;

/** A request that subscribes to tasks, and the format of what it is answered with. */
export interface TaskListen extends Subscription {
  readonly format: Subscriptions;
}

/**
 * Parses a request that subscribes to tasks. Returns `undefined` for any other message, including a subscription
 * without tasks: the SDK handles those alone.
 */
export function taskListen(versions: readonly ProtocolVersion[], message: unknown): TaskListen | undefined {
  for (const { subscriptions: format } of versions) {
    const subscription = format?.parse(message);
    if (format && subscription) return { ...subscription, format };
  }
  return undefined;
}

/**
 * Returns the requested tasks that the owner may follow, 100 at most. Tasks of others are left out, as if they did not
 * exist.
 * @throws RpcFault if a task cannot be read
 */
export async function honouredTasks(
  { engine, logger }: TaskService,
  owner: Owner,
  { taskIds, format }: TaskListen,
  signal: AbortSignal,
): Promise<string[]> {
  return await asRpcFaults(logger, { method: format.method }, signal, async () => {
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

/** Returns the message with which the server ends a subscription: the answer to its request. */
export function ending({ id, format }: TaskListen): JSONRPCMessage {
  return { jsonrpc: '2.0', id, result: format.ended(id) };
}

/** Returns the error answer to a subscription that is refused or cannot continue. */
export function failing(id: RequestId, { code, message, data }: RpcError): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

/** What is pushed to whom, and until when. */
export interface Push {
  readonly owner: Owner;
  readonly listen: TaskListen;
  readonly send: (message: JSONRPCMessage) => void;
  readonly signal: AbortSignal;
}

/**
 * Sends each task's current state, then again whenever it changes. Resolves when all tasks have ended, the server
 * closes or the signal is aborted.
 * @throws RpcFault for the first task that can no longer be followed; the caller must then abort the signal to stop the
 * others
 */
export async function pushTasks(service: TaskService, taskIds: readonly string[], push: Push): Promise<void> {
  const { signal } = push;
  const { method } = push.listen.format;
  await Promise.all(
    taskIds.map(async (taskId) => {
      try {
        await asRpcFaults(
          service.logger,
          { method, taskId },
          signal,
          async () => await pushTask(service, taskId, push).catch(over),
        );
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }),
  );
}

async function pushTask(service: TaskService, taskId: string, { owner, listen, send, signal }: Push): Promise<void> {
  let sent: string | undefined;
  for await (const task of service.engine.watch(owner.id, taskId, signal)) {
    const message = listen.format.changed(listen.id, await fittingTask(service, task), service.pollInterval);
    const now = JSON.stringify(message);
    if (now !== sent) send(message);
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
