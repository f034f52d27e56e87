/**
 * The only code that reaches beneath a client, at its transport's `onmessage`. It catches what neither SDK's public
 * methods let through: answers that are task handles, a task's questions and progress, and raw responses. Everything
 * else goes on to the client.
 * @module
 */
import type { McpClient, McpTransport } from './mcp-client.js';
import type { Message } from './message.js';
import { moveTask } from './moved-task.js';
import { TaskQuestions } from './task-questions.js';

/** MCP's progress notification. */
export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

const taps = new WeakMap<McpClient, Tap>();

/** Taps a client's connection and intercepts the messages that others have registered for here. */
export class Tap {
  /** By progress token. */
  readonly progressListeners = new Map<string, (progress: Progress) => void>();
  /** Handlers that wait for a raw response, by request ID. */
  readonly rawResponses = new Map<string, (message: Message) => void>();
  readonly questions = new TaskQuestions();
  readonly #tapped = new WeakSet<McpTransport>();

  /** Returns the client's tap, attached to its current connection. */
  static of(client: McpClient): Tap {
    const tap = taps.get(client) ?? new Tap();
    taps.set(client, tap);
    if (client.transport) tap.#attach(client.transport);
    return tap;
  }

  #attach(transport: McpTransport): void {
    if (!transport.onmessage || this.#tapped.has(transport)) return;
    this.#tapped.add(transport);
    const deliver = transport.onmessage.bind(transport) as (message: Message, extra?: unknown) => void;
    const send = transport.send.bind(transport) as (message: Message) => Promise<unknown>;
    transport.onmessage = (message: Message, extra?: unknown): void => {
      const taken =
        message.method === undefined
          ? this.#takeResponse(message)
          : message.id === undefined
            ? this.#takeProgress(message)
            : this.questions.take(message, send, () => deliver(message, extra));
      if (!taken) deliver(moveTask(message), extra);
    };
  }

  #takeResponse(message: Message): boolean {
    const respond = typeof message.id === 'string' ? this.rawResponses.get(message.id) : undefined;
    respond?.(message);
    return respond !== undefined;
  }

  #takeProgress({ method, params = {} }: Message): boolean {
    if (method !== 'notifications/progress') return false;
    const { progressToken, _meta, ...progress } = params;
    const listener = this.progressListeners.get(String(progressToken));
    listener?.(progress as unknown as Progress);
    return listener !== undefined;
  }
}
