/** Another user of the fuzzed servers, who must not notice the fuzzing. @module */
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from './client.js';
import { SECRET } from './served/tools.js';
import type { HttpServed } from './services.js';

const PAUSE = 200;

export class Bystander {
  readonly #times: number[] = [];
  readonly #problems: string[] = [];
  /** How many requests were answered with a temporary error. */
  busy = 0;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(private readonly served: HttpServed) {
    this.#running = this.#run();
  }

  /** How long the requests took, in milliseconds, sorted. */
  get times(): readonly number[] {
    return this.#times.toSorted((a, b) => a - b);
  }

  /** @returns what was wrong with the answers */
  async stop(): Promise<readonly string[]> {
    this.#stop.abort();
    await this.#running;
    return this.#problems;
  }

  async #run(): Promise<void> {
    const { url, users, live, sdk } = this.served;
    const at = { url, token: users.bob };
    const version = sdk === 'v1' ? '2025-11-25' : '2026-07-28';
    while (!this.#stop.signal.aborted) {
      const from = performance.now();
      try {
        const reply = await ask(at, version, 'tasks/get', { taskId: live.foreign });
        this.#times.push(performance.now() - from);
        if (reply?.error?.data?.retryable === true) this.busy += 1;
        else if (reply?.result?.status !== 'completed')
          this.#problems.push(`another owner's tasks/get was answered with ${JSON.stringify(reply)}`);
        else if (version === '2026-07-28' && !JSON.stringify(reply.result).includes(SECRET))
          this.#problems.push("another owner's tasks/get had no result");
      } catch (error) {
        this.#problems.push(`another owner's tasks/get failed: ${String(error)}`);
      }
      await delay(PAUSE, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}
