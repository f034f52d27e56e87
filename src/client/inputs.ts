/** Has the questions of a task answered, each once, beside the polling. @module */

/** A question of the task: MCP's `elicitation/create` or `sampling/createMessage`. */
export interface InputRequest {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/** Gives the answer: MCP's `ElicitResult` or `CreateMessageResult`. */
export type OnInput = (request: InputRequest) => Promise<Readonly<Record<string, unknown>>>;

type Answer = Readonly<Record<string, unknown>>;

export class InputDesk {
  /** Keys are never used twice in a task, and a question stays listed until its answer has arrived. */
  readonly #seen = new Set<string>();
  /** What the person is being asked right now, by its content: a server that lost the stream asks again with another ID. */
  readonly #open = new Map<string, Promise<Answer>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly onInput: OnInput) {}

  /**
   * Takes up the questions that are new (2026-07-28); does not wait for their answers.
   * @throws what `onInput`, or sending the answer of an earlier question, threw
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
   * Answers a question that came as a request (2025-11-25).
   * @throws what `onInput` threw, as the next `take` does: the question is not answered
   */
  readonly answer = async (request: InputRequest, send: (answer: Answer) => Promise<unknown>): Promise<void> => {
    const content = JSON.stringify(request);
    let answer = this.#open.get(content);
    if (!answer) {
      answer = this.onInput(request).finally(() => this.#open.delete(content));
      this.#open.set(content, answer);
      answer.catch(this.#fail);
    }
    // An answer that did not arrive leaves the question open, and the server asks it again.
    await send(await answer).catch(() => undefined);
  };

  readonly #fail = (error: unknown): void => void (this.#failure = { error });
}
