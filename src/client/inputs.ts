/** Gets a task's questions answered, each once, while the task is polled. @module */

/** A question of the task: MCP's `elicitation/create` or `sampling/createMessage`. */
export interface InputRequest {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/** Returns the answer: MCP's `ElicitResult` or `CreateMessageResult`. */
export type OnInput = (request: InputRequest) => Promise<Readonly<Record<string, unknown>>>;

type Answer = Readonly<Record<string, unknown>>;

export class InputDesk {
  /**
   * The keys of questions already taken. A question stays listed until its answer has arrived, and a task never reuses
   * a key.
   */
  readonly #seen = new Set<string>();
  /**
   * The questions being asked right now, by content: a server that lost the stream repeats a question under another ID.
   */
  readonly #open = new Map<string, Promise<Answer>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly onInput: OnInput) {}

  /**
   * Takes new questions (2026-07-28) without waiting for their answers.
   * @throws what `onInput`, or sending the answer to an earlier question, threw
   */
  take(requests: Readonly<Record<string, InputRequest>>, send: (inputResponses: Answer) => Promise<unknown>): void {
    if (this.#failure) throw this.#failure.error;
    for (const [key, request] of Object.entries(requests)) {
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      this.onInput(request)
        .then(async (answer) => await send({ [key]: answer }))
        .catch(this.#fail);
    }
  }

  /**
   * Answers a question that arrived as a request (2025-11-25).
   * @throws what `onInput` threw, as does the next `take`; the question then stays unanswered
   */
  readonly answer = async (request: InputRequest, send: (answer: Answer) => Promise<unknown>): Promise<void> => {
    const content = JSON.stringify(request);
    let answer = this.#open.get(content);
    if (!answer) {
      answer = this.onInput(request).finally(() => this.#open.delete(content));
      this.#open.set(content, answer);
      answer.catch(this.#fail);
    }
    // If the answer does not arrive, the question stays open and the server asks it again.
    await send(await answer).catch(() => undefined);
  };

  readonly #fail = (error: unknown): void => void (this.#failure = { error });
}
