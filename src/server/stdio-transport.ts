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
import type { TaskService } from '../mcp/service.js';
import type { Peer } from '../mcp/sessions/peer.js';
import { LimitExceeded } from '../protocol/errors.js';
import { failing, taskListen, TaskSubscription, type TaskListen } from './subscription.js';

/** The error of the SDK's stdio transport at a line of more than 10 MiB. */
const TOO_LONG = /exceeded maximum size/;

export class TaskTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: Transport['onmessage'];
  /** The connection to a client with a session. */
  readonly connection: Connection;
  readonly #subscriptions = new Map<unknown, TaskSubscription>();

  constructor(
    private readonly inner: Transport,
    private readonly service: TaskService,
    private readonly peer: Peer,
  ) {
    this.connection = new Connection(service, async (message) => await inner.send(message));
    this.connection.listen();
  }

  async start(): Promise<void> {
    this.inner.onmessage = (message, extra) => this.#receive(message, extra);
    this.inner.onerror = (error) => {
      // The SDK's transport then closes the connection, so the server ends, and nothing else would say why.
      if (TOO_LONG.test(error.message))
        this.service.logger.error({ reason: error.message }, 'the client sent a message that is too long; closing');
      this.onerror?.(error);
    };
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
    // The SDK itself answers such a request only to refuse or end it.
    if ('id' in message && !('method' in message)) this.#stop(message.id);
    const subscription = [...this.#subscriptions.values()].find((one) => one.isAcknowledgedBy(message));
    if (!subscription) return await this.inner.send(message, options);
    const refusal = await subscription.honour();
    if (refusal) return await this.#end(subscription, refusal);
    // The client may have ended it meanwhile.
    if (subscription.stopped.aborted) return;
    await this.inner.send(subscription.acknowledge(message), options);
    this.#push(subscription).catch((error: unknown) => this.onerror?.(error as Error));
  }

  async #push(subscription: TaskSubscription): Promise<void> {
    const send = (message: JSONRPCMessage): void =>
      void this.inner.send(message).catch((error: unknown) => this.onerror?.(error as Error));
    const failure = await subscription.push(send);
    await this.#end(subscription, failure ?? subscription.ending);
  }

  /** Ends a subscription with its last message, unless the client or the end of the connection has ended it already. */
  async #end(subscription: TaskSubscription, last: JSONRPCMessage): Promise<void> {
    const { id } = subscription.listen;
    if (this.#subscriptions.get(id) !== subscription) return;
    this.#stop(id);
    this.#forget(id);
    await this.inner.send(last);
  }

  #receive(message: JSONRPCMessage, extra?: MessageExtraInfo): void {
    if (this.connection.receive(message, this.peer)) return;
    const listen = taskListen(this.service.versions, message);
    if (listen?.refusal) {
      this.inner.send(failing(listen.id, listen.refusal)).catch((error: unknown) => this.onerror?.(error as Error));
      return;
    }
    if (listen && !this.#subscribe(listen)) return;
    if ('method' in message && message.method === 'notifications/cancelled')
      this.#stop((message.params as { requestId?: unknown } | undefined)?.requestId);
    this.onmessage?.(message, extra);
  }

  /** Returns whether the limit allows the subscription. If not, the client has been told. */
  #subscribe(listen: TaskListen): boolean {
    const { service, peer } = this;
    try {
      const release = service.quota.hold(peer, 'subscriptions');
      const subscription = new TaskSubscription({ service, owner: peer.owner, listen });
      subscription.stopped.addEventListener('abort', release, { once: true });
      // A client that uses an ID twice has ended the first subscription.
      this.#stop(listen.id);
      this.#subscriptions.set(listen.id, subscription);
      return true;
    } catch (error) {
      if (!(error instanceof LimitExceeded)) throw error;
      this.inner.send(failing(listen.id, error)).catch((reason: unknown) => this.onerror?.(reason as Error));
      return false;
    }
  }

  /** Makes the SDK drop its part of a subscription that has ended, as if the client had cancelled it. */
  #forget(requestId: RequestId): void {
    this.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
  }

  #stop(id: unknown): void {
    this.#subscriptions.get(id)?.stop();
    this.#subscriptions.delete(id);
  }

  #stopAll(): void {
    this.connection.close();
    for (const id of this.#subscriptions.keys()) this.#stop(id);
  }
}
