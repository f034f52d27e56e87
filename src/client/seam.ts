/**
 * The only code that reaches beneath a client, at its transport's `onmessage`. It catches what neither SDK's public
 * methods let through: answers that are task handles, a task's questions and progress, and raw responses. Everything
 * else goes on to the client.
 * @module
 */
import type { InputRequest } from './inputs.js';
import type { McpClient, McpTransport } from './mcp-client.js';

/**
 * The `_meta` field that a task handle is moved to, because in 2026-07-28 the client rejects a handle as the answer to
 * `tools/call`.
 */
export const MOVED_TASK = 'mcp-tasks-temporal/task';

export interface Message {
  readonly jsonrpc: '2.0';
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}
export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}
type Send = (message: Message) => Promise<unknown>;
type Answerer = (
  request: InputRequest,
  send: (answer: Readonly<Record<string, unknown>>) => Promise<unknown>,
) => Promise<void>;

/** The maximum number of tasks to keep unanswered questions for. */
const MAX_UNANSWERED = 1_000;

const taps = new WeakMap<McpClient, Tap>();

export class Tap {
  /** Progress listeners, by progress token. */
  readonly listeners = new Map<string, (progress: Progress) => void>();
  /** Handlers that wait for a raw response, by request ID. */
  readonly responses = new Map<string, (message: Message) => void>();
  /** Answerers of tasks' questions, by task ID. */
  readonly #answerers = new Map<string, Answerer>();
  /**
   * Questions whose answerer failed, by task. Kept because the server does not resend them while this connection lasts.
   */
  readonly #unanswered = new Map<string, (() => void)[]>();
  readonly #tapped = new WeakSet<McpTransport>();
  readonly #creating = new Set<Promise<unknown>>();

  /** Returns the client's tap, attached to its current connection. */
  static of(client: McpClient): Tap {
    const tap = taps.get(client) ?? new Tap();
    taps.set(client, tap);
    if (client.transport) tap.#attach(client.transport);
    return tap;
  }

  /**
   * Has `answerer` answer the task's questions, including those already open. Without one, the client's own handlers
   * answer.
   */
  attend(taskId: string, answerer: Answerer | undefined): void {
    if (answerer) this.#answerers.set(taskId, answerer);
    const unanswered = this.#unanswered.get(taskId) ?? [];
    this.#unanswered.delete(taskId);
    for (const ask of unanswered) ask();
  }

  leave(taskId: string, answerer: Answerer | undefined): void {
    if (this.#answerers.get(taskId) === answerer) this.#answerers.delete(taskId);
  }

  /**
   * Holds questions back while a task is being created: a question on its own stream may arrive before the task's ID.
   */
  async creating<T>(create: () => Promise<T>): Promise<T> {
    const created = create();
    this.#creating.add(created);
    return await created.finally(() => this.#creating.delete(created));
  }

  #attach(transport: McpTransport): void {
    if (!transport.onmessage || this.#tapped.has(transport)) return;
    this.#tapped.add(transport);
    const deliver = transport.onmessage.bind(transport) as (message: Message, extra?: unknown) => void;
    const send = transport.send.bind(transport) as Send;
    transport.onmessage = (message: Message, extra?: unknown): void => {
      if (!this.#take(message, send, () => deliver(message, extra))) deliver(moveTask(message), extra);
    };
  }

  /** Handles a message if it is one of ours. Returns whether it was. */
  #take(message: Message, send: Send, deliver: () => void): boolean {
    const { id, method, params = {} } = message;
    if (method === undefined) return this.#respond(message);
    if (id !== undefined) {
      const { taskId } = ((params['_meta'] as Record<string, unknown> | undefined)?.[
        'io.modelcontextprotocol/related-task'
      ] ?? {}) as { taskId?: string };
      if (taskId === undefined || (!this.#answerers.has(taskId) && this.#creating.size === 0)) return false;
      void this.#answer(
        taskId,
        { method, params },
        async (result) => await send({ jsonrpc: '2.0', id, result }),
        deliver,
      );
      return true;
    }
    const listener = method === 'notifications/progress' && this.listeners.get(String(params['progressToken']));
    if (!listener) return false;
    const { progressToken: _, _meta, ...progress } = params;
    listener(progress as unknown as Progress);
    return true;
  }

  #respond(message: Message): boolean {
    const respond = typeof message.id === 'string' && this.responses.get(message.id);
    if (!respond) return false;
    respond(message);
    return true;
  }

  async #answer(
    taskId: string,
    request: InputRequest,
    send: Parameters<Answerer>[1],
    deliver: () => void,
  ): Promise<void> {
    if (!this.#answerers.has(taskId)) await Promise.allSettled(this.#creating);
    const answerer = this.#answerers.get(taskId);
    if (!answerer) return deliver();
    await answerer(request, send).catch(() =>
      this.#keep(taskId, () => void this.#answer(taskId, request, send, deliver)),
    );
  }

  #keep(taskId: string, ask: () => void): void {
    const [oldest] = this.#unanswered.keys();
    if (oldest !== undefined && this.#unanswered.size >= MAX_UNANSWERED) this.#unanswered.delete(oldest);
    this.#unanswered.set(taskId, [...(this.#unanswered.get(taskId) ?? []), ask]);
  }
}

function moveTask(message: Message): Message {
  if (message.result?.['resultType'] !== 'task') return message;
  const { _meta, ...task } = message.result;
  return {
    ...message,
    result: { resultType: 'complete', content: [], _meta: { ...(_meta as object | undefined), [MOVED_TASK]: task } },
  };
}
