/**
 * Holds `tasks/result` open beside the polling (2025-11-25): its stream is what a server without a session has to send the
 * questions and the progress of a task on.
 * @module
 */
import { AnyResult, ask, type McpClient } from './mcp-client.js';

/** A stream that broke without either side noticing is replaced after this time, in milliseconds. */
const LONGEST = 300_000;

export class OpenResult {
  #abort: AbortController | undefined;

  constructor(
    private readonly client: McpClient,
    private readonly taskId: string,
  ) {}

  /** Opens the stream, or again if it has ended. What it answers is left to the polling, which sees the end as well. */
  hold(): void {
    if (this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    ask(this.client, 'tasks/result', { taskId: this.taskId }, AnyResult, { timeout: LONGEST, signal: abort.signal })
      .catch(() => undefined)
      .finally(() => (this.#abort = undefined));
  }

  close(): void {
    this.#abort?.abort(new Error('The task is not awaited any more'));
  }
}
