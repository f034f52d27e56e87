/** Takes the questions of awaited tasks out of what a client receives (2025-11-25), and has them answered. @module */
import type { InputRequest } from './inputs.js';
import type { Message } from './message.js';

/** Answers a question by calling `send`; rejects if the question stays unanswered. */
export type Answerer = (
  request: InputRequest,
  send: (answer: Readonly<Record<string, unknown>>) => Promise<unknown>,
) => Promise<void>;

/** A question as it arrived. */
interface Arrived {
  readonly taskId: string;
  readonly request: InputRequest;
  readonly send: Parameters<Answerer>[1];
  /** Gives the question to the client's own handlers. */
  readonly deliver: () => void;
}

const RELATED_TASK = 'io.modelcontextprotocol/related-task';
/** The maximum number of tasks to keep unanswered questions for. */
const MAX_UNANSWERED = 1_000;

export class TaskQuestions {
  /** By task ID. */
  readonly #answerers = new Map<string, Answerer>();
  /**
   * Questions whose answerer failed, by task ID. Kept because the server does not resend them while this connection
   * lasts.
   */
  readonly #unanswered = new Map<string, Arrived[]>();
  /** Calls that are creating a task right now. */
  readonly #creating = new Set<Promise<unknown>>();

  /**
   * Has `answerer` answer the task's questions, including those already open. Without one, the client's own handlers
   * answer.
   */
  attend(taskId: string, answerer: Answerer | undefined): void {
    if (answerer) this.#answerers.set(taskId, answerer);
    const unanswered = this.#unanswered.get(taskId) ?? [];
    this.#unanswered.delete(taskId);
    for (const question of unanswered) void this.#answer(question);
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

  /**
   * Takes a request if it is a question of an attended task, or may be one of a task that is being created. Returns
   * whether it was taken.
   */
  take(
    { id, method = '', params = {} }: Message,
    send: (message: Message) => Promise<unknown>,
    deliver: () => void,
  ): boolean {
    const meta = params['_meta'] as Readonly<Record<string, { taskId?: string } | undefined>> | undefined;
    const taskId = meta?.[RELATED_TASK]?.taskId;
    if (id === undefined || taskId === undefined) return false;
    if (!this.#answerers.has(taskId) && this.#creating.size === 0) return false;
    void this.#answer({
      taskId,
      request: { method, params },
      send: async (result) => await send({ jsonrpc: '2.0', id, result }),
      deliver,
    });
    return true;
  }

  async #answer(question: Arrived): Promise<void> {
    const { taskId, request, send, deliver } = question;
    if (!this.#answerers.has(taskId)) await Promise.allSettled(this.#creating);
    const answerer = this.#answerers.get(taskId);
    if (!answerer) return deliver();
    await answerer(request, send).catch(() => this.#keep(question));
  }

  #keep(question: Arrived): void {
    const [oldest] = this.#unanswered.keys();
    if (oldest !== undefined && this.#unanswered.size >= MAX_UNANSWERED) this.#unanswered.delete(oldest);
    this.#unanswered.set(question.taskId, [...(this.#unanswered.get(question.taskId) ?? []), question]);
  }
}
