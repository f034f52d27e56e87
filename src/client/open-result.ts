/**
 * Keeps a `tasks/result` request open during polling (2025-11-25). A server without a session needs its stream to send
 * the task's questions and progress.
 * @module
 */
import { AnyResult, ask, type McpClient } from './mcp-client.js';

/** How long to wait before replacing a stream, which may have broken without either side noticing, in milliseconds. */
const LONGEST = 300_000;

export class OpenResult {
  #abort: AbortController | undefined;

  constructor(
    private readonly client: McpClient,
    private readonly taskId: string,
  ) {}

  /** Opens the stream unless it is open already. Ignores its answer, because polling sees the task's end too. */
  hold(): void {
    if (this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    const request = { method: 'tasks/result', params: { taskId: this.taskId } };
    ask(this.client, request, AnyResult, { timeout: LONGEST, signal: abort.signal })
      .catch(() => undefined)
      .finally(() => (this.#abort = undefined));
  }

  close(): void {
    this.#abort?.abort(new Error('The task is no longer awaited'));
  }
}
