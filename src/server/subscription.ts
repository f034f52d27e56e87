/** A subscription to tasks, the same over HTTP and stdio. @module */
import { setMaxListeners } from 'node:events';
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/server';
import { fittingTask } from '../mcp/handlers/output.js';
import { asRpcFaults } from '../mcp/request/faults.js';
import type { TaskService } from '../mcp/service.js';
import { RpcFault } from '../protocol/errors.js';
import type { Owner } from '../protocol/request.js';
import type { ProtocolVersion, Subscription, Subscriptions } from '../protocol/version.js';
import { isMcpTasksError } from '../task/errors.js';
import type { RpcError, Task } from '../task/task.js';

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

/** Returns the error answer to a subscription that is refused or cannot continue. */
export function failing(id: RequestId, { code, message, data }: RpcError): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

/** A task that is followed once the subscription is acknowledged. */
interface FollowedTask {
  readonly taskId: string;
  readonly first: Task;
  /** What comes after `first`. */
  readonly views: AsyncGenerator<Task, void>;
}

export interface SubscriptionOptions {
  readonly service: TaskService;
  readonly owner: Owner;
  readonly listen: TaskListen;
}

/**
 * Adds tasks to a subscription that the SDK serves. In order: {@link honour} when the SDK has accepted the request,
 * {@link acknowledge} its acknowledgement, then {@link push}. Carrying the messages is up to the transport.
 */
export class TaskSubscription {
  readonly #stop = new AbortController();
  #tasks: readonly FollowedTask[] = [];
  #tasksAlone = false;

  constructor(private readonly options: SubscriptionOptions) {
    // Each task that is followed adds some.
    setMaxListeners(0, this.stopped);
  }

  get listen(): TaskListen {
    return this.options.listen;
  }

  /** Aborted when the subscription has been stopped or has failed: then nothing more is pushed. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** The message with which the server ends the subscription: the answer to its request. */
  get ending(): JSONRPCMessage {
    const { id, format } = this.listen;
    return { jsonrpc: '2.0', id, result: format.ended(id) };
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Stops the subscription because the SDK's part has ended, unless the SDK never had a part: with tasks alone. */
  stopWithSdk(): void {
    if (!this.#tasksAlone) this.stop();
  }

  /**
   * Finds the requested tasks that the owner may follow, up to the limit. Tasks of others are left out, as if they did not
   * exist.
   * @returns the answer that refuses the subscription, if a task cannot be read
   */
  async honour(): Promise<JSONRPCMessage | undefined> {
    const { service, listen } = this.options;
    const about = { method: listen.format.method };
    try {
      this.#tasks = await asRpcFaults(service.logger, about, this.stopped, async () => {
        const looks = listen.taskIds
          .slice(0, service.quota.limits.tasksPerSubscription)
          .map(async (id) => await this.#follow(id).catch(absent));
        return (await Promise.all(looks)).flat();
      });
      return undefined;
    } catch (error) {
      const failure = this.#failure(error);
      this.stop();
      return failure;
    }
  }

  /** Reads the task in the same way as it is followed afterwards: a task with many followers is read only once. */
  async #follow(taskId: string): Promise<FollowedTask[]> {
    const { service, owner } = this.options;
    const views = service.engine.watch(owner.id, taskId, this.stopped, { impatient: true });
    const { value: first } = await views.next();
    return first ? [{ taskId, first, views }] : [];
  }

  /** Returns whether the SDK acknowledges this subscription with the message. */
  isAcknowledgedBy(message: JSONRPCMessage): boolean {
    return this.listen.format.acknowledgement(message)?.id === this.listen.id;
  }

  /** Returns the SDK's acknowledgement with the tasks added. */
  acknowledge(acknowledgement: JSONRPCMessage): JSONRPCMessage {
    const { format } = this.listen;
    this.#tasksAlone = format.acknowledgement(acknowledgement)?.tasksAlone ?? false;
    return format.acknowledge(
      acknowledgement,
      this.#tasks.map(({ taskId }) => taskId),
    );
  }

  /**
   * Sends each task's current state, then again whenever it changes. Resolves when the subscription is over: it has
   * been stopped, or all its tasks have ended and the client listens for nothing else.
   * @returns the answer to end the subscription with if a task can no longer be followed, otherwise `undefined`
   */
  async push(send: (message: JSONRPCMessage) => void): Promise<JSONRPCMessage | undefined> {
    try {
      await Promise.all(this.#tasks.map(async (task) => await this.#pushTask(task, send)));
      if (!this.#tasksAlone) await aborted(this.stopped);
      return undefined;
    } catch (error) {
      return this.#failure(error);
    } finally {
      this.stop();
    }
  }

  async #pushTask({ taskId, first, views }: FollowedTask, send: (message: JSONRPCMessage) => void): Promise<void> {
    const { service, listen } = this.options;
    const { id, format } = listen;
    let sent: string | undefined;
    const show = async (task: Task): Promise<void> => {
      const message = format.changed(id, await fittingTask(service, task), service.pollInterval);
      const now = JSON.stringify(message);
      if (now !== sent) send(message);
      sent = now;
    };
    const follow = async (): Promise<void> => {
      await show(first);
      for await (const task of views) await show(task);
    };
    const about = { method: format.method, taskId };
    await asRpcFaults(service.logger, about, this.stopped, async () => await follow().catch(over));
  }

  /** @throws the error, if it is not one that clients get */
  #failure(error: unknown): JSONRPCMessage | undefined {
    if (this.stopped.aborted) return undefined;
    if (error instanceof RpcFault) return failing(this.listen.id, error);
    throw error;
  }
}

function absent(error: unknown): [] {
  if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return [];
  throw error;
}

/**
 * Ignores the errors that end a watch normally: the task has expired, or the server is closing, which is the only
 * reason for a watch to fail with `TEMPORAL_UNAVAILABLE`. Rethrows all others.
 */
function over(error: unknown): void {
  if (!isMcpTasksError(error, 'TASK_NOT_FOUND') && !isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE')) throw error;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
