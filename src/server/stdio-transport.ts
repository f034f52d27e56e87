/**
 * Adds the tasks' messages to the stdio transport: those of subscriptions, and unsolicited ones.
 * @module
 */
import type {
  JSONRPCMessage,
  MessageExtraInfo,
  RequestId,
  Transport,
  TransportSendOptions,
} from '@modelcontextprotocol/server';
import { Connection } from '../mcp/sessions/connection.js';
import type { Owner } from '../protocol/request.js';
import type { TaskService } from '../mcp/service.js';
import { RpcFault } from '../protocol/errors.js';
import { ending, failing, honouredTasks, pushTasks, taskListen, type TaskListen } from './subscription.js';

interface Subscription {
  readonly listen: TaskListen;
  readonly stop: AbortController;
}

export class TaskTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: Transport['onmessage'];
  /** The connection to a client with a session. */
  readonly connection: Connection;
  readonly #subscriptions = new Map<unknown, Subscription>();

  constructor(
    private readonly inner: Transport,
    private readonly service: TaskService,
    readonly owner: Owner,
  ) {
    this.connection = new Connection(service, async (message) => await inner.send(message));
    this.connection.listen();
  }

  async start(): Promise<void> {
    this.inner.onmessage = (message, extra) => this.#receive(message, extra);
    this.inner.onerror = (error) => this.onerror?.(error);
    this.inner.onclose = () => {
      this.#stopAll();
      this.onclose?.();
    };
    await this.inner.start();
  }

  async close(): Promise<void> {
    this.#stopAll();
    await this.inner.close();
  }

  /**
   * Sends the SDK's messages unchanged, except that the acknowledgement of a subscription with tasks gets the task IDs.
   */
  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    const found = this.#acknowledged(message);
    if (!found) return await this.inner.send(message, options);
    const { subscription, tasksAlone } = found;
    const { format } = subscription.listen;
    let taskIds: string[];
    try {
      taskIds = await honouredTasks(this.service, this.owner, subscription.listen, subscription.stop.signal);
    } catch (error) {
      return await this.#fail(subscription, error);
    }
    await this.inner.send(format.acknowledge(message, taskIds), options);
    this.#push(subscription, taskIds, tasksAlone).catch((error: unknown) => this.onerror?.(error as Error));
  }

  /** Returns the subscription to tasks that the SDK acknowledges with this message, if it is one. */
  #acknowledged(message: JSONRPCMessage): { subscription: Subscription; tasksAlone: boolean } | undefined {
    for (const subscription of this.#subscriptions.values()) {
      const acknowledgement = subscription.listen.format.acknowledgement(message);
      if (acknowledgement?.id === subscription.listen.id)
        return { subscription, tasksAlone: acknowledgement.tasksAlone };
    }
    return undefined;
  }

  async #push({ listen, stop }: Subscription, taskIds: readonly string[], alone: boolean): Promise<void> {
    const send = (message: JSONRPCMessage): void =>
      void this.inner.send(message).catch((error: unknown) => this.onerror?.(error as Error));
    try {
      await pushTasks(this.service, taskIds, { owner: this.owner, listen, send, signal: stop.signal });
    } catch (error) {
      return await this.#fail({ listen, stop }, error);
    }
    // If the client ended the subscription, or still listens for other notifications, the SDK handles its end.
    if (!stop.signal.aborted && alone) await this.#end(listen.id, ending(listen));
  }

  async #fail({ listen, stop }: Subscription, error: unknown): Promise<void> {
    if (stop.signal.aborted) return;
    if (!(error instanceof RpcFault)) throw error;
    await this.#end(listen.id, failing(listen.id, error));
  }

  async #end(id: RequestId, last: JSONRPCMessage): Promise<void> {
    this.#stop(id);
    this.#forget(id);
    await this.inner.send(last);
  }

  #receive(message: JSONRPCMessage, extra?: MessageExtraInfo): void {
    if (this.connection.receive(message, this)) return;
    const listen = taskListen(this.service.versions, message);
    if (listen?.refusal) {
      this.inner.send(failing(listen.id, listen.refusal)).catch((error: unknown) => this.onerror?.(error as Error));
      return;
    }
    if (listen) this.#subscriptions.set(listen.id, { listen, stop: new AbortController() });
    if ('method' in message && message.method === 'notifications/cancelled')
      this.#stop((message.params as { requestId?: unknown } | undefined)?.requestId);
    this.onmessage?.(message, extra);
  }

  /** Makes the SDK drop its part of a subscription that has ended, as if the client had cancelled it. */
  #forget(requestId: RequestId): void {
    this.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
  }

  #stop(id: unknown): void {
    this.#subscriptions.get(id)?.stop.abort();
    this.#subscriptions.delete(id);
  }

  #stopAll(): void {
    this.connection.close();
    for (const id of this.#subscriptions.keys()) this.#stop(id);
  }
}
