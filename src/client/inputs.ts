/** Has the questions of a task answered, each once, beside the polling (protocol 2026-07-28). @module */

/** A question of the task: MCP's `elicitation/create` or `sampling/createMessage`. */
export interface InputRequest {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Gives the answer: MCP's `ElicitResult` or `CreateMessageResult`. */
export type OnInput = (request: InputRequest) => Promise<Readonly<Record<string, unknown>>>;

/** Sends answers, by the keys of their questions. */
export type SendAnswers = (inputResponses: Readonly<Record<string, unknown>>) => Promise<unknown>;

export class InputDesk {
  /** Keys are never used twice in a task, and a question stays listed until its answer has arrived. */
  readonly #seen = new Set<string>();
  #failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly onInput: OnInput | undefined,
    private readonly send: SendAnswers,
  ) {}

  /**
   * Takes up the questions that are new; does not wait for their answers.
   * @throws what `onInput`, or sending the answer of an earlier question, threw
   */
  take(requests: Readonly<Record<string, InputRequest>> = {}): void {
    if (this.#failure) throw this.#failure.error;
    const { onInput } = this;
    if (!onInput) return;
    for (const [key, request] of Object.entries(requests)) {
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      this.#answer(key, request, onInput).catch((error: unknown) => (this.#failure = { error }));
    }
  }

  async #answer(key: string, request: InputRequest, onInput: OnInput): Promise<void> {
    await this.send({ [key]: await onInput(request) });
  }
}
