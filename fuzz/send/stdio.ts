/** Sends lines to a server over stdio and collects its answers. @module */
import { createInterface } from 'node:readline';
import type { FuzzedProcess } from '../served/process.js';

/** How long a server may take to answer a valid request, in milliseconds. */
const PATIENCE = 20_000;

export class StdioPeer {
  /** The lines that have arrived since the last valid request was answered. */
  #arrived: string[] = [];
  #waiting: { readonly id: string; readonly take: (line: string) => void } | undefined;
  #sent = 0;

  constructor(readonly process: FuzzedProcess) {
    createInterface({ input: process.output }).on('line', (line) => {
      if (this.#waiting && line.includes(this.#waiting.id)) this.#waiting.take(line);
      else this.#arrived.push(line);
      this.#decline(line);
    });
  }

  write(line: string): void {
    this.process.input.write(`${line}\n`);
  }

  /** Declines a question, as a client does at once. Otherwise the call that asks it stays open, with its arguments. */
  #decline(line: string): void {
    if (!line.includes('"elicitation/create"')) return;
    try {
      const { id, method } = JSON.parse(line) as { id?: unknown; method?: unknown };
      if (method === 'elicitation/create')
        this.write(JSON.stringify({ jsonrpc: '2.0', id, result: { action: 'decline' } }));
    } catch {
      // The case reports a line that is not JSON.
    }
  }

  /**
   * Sends a valid request and waits for its answer.
   * @returns the answer, and all lines that came before it
   * @throws Error if there is none in time, or the server ends
   */
  async good(method: string, params: object = {}): Promise<{ answer: string; before: readonly string[] }> {
    const id = `good-${(this.#sent += 1)}-${process.pid}`;
    const arrival = new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting = undefined;
        reject(new Error(`no answer to ${method} within ${PATIENCE} ms`));
      }, PATIENCE);
      this.#waiting = {
        id,
        take: (line) => {
          clearTimeout(late);
          this.#waiting = undefined;
          resolve(line);
        },
      };
      this.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
    const answer = await this.process.whileItRuns(arrival);
    const before = this.#arrived;
    this.#arrived = [];
    return { answer, before };
  }
}
