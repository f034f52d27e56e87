/** Kills the worker half way through the load, as a crash would, and starts another. @module */
import type { LocalStack } from '../../src/cli/local-stack.js';
import type { TaskStatus } from '../../src/client/index.js';
import { percentOf, say, type Screen } from './screen.js';

/** Where the load is interrupted. */
const PERCENT = 35;

export class Crash {
  /** Workers that were seen to end by SIGKILL. */
  kills = 0;
  #crash: Promise<void> | undefined;

  constructor(
    private readonly stack: LocalStack,
    private readonly screen: Screen,
  ) {}

  /** Called with each new status; the kill happens once. */
  consider(status: TaskStatus): void {
    const percent = percentOf(status);
    if (percent === undefined || percent < PERCENT || percent >= 100 || this.#crash) return;
    this.#crash = this.#run(percent);
    // Awaited by over(); until then a failure must not go unhandled.
    this.#crash.catch(() => undefined);
  }

  async #run(percent: number): Promise<void> {
    const { pid } = this.stack.worker;
    const signal = await this.stack.worker.kill();
    if (signal === 'SIGKILL') this.kills++;
    this.screen.pause();
    say(`Killed the worker (process ${pid}, ${signal}) at ${percent} %; Temporal notices when its heartbeats stay away`);
    const next = await this.stack.restartWorker();
    say(`Started another worker (process ${next.pid}); it goes on from the last committed chunk`);
    this.screen.resume();
  }

  /** Waits until the other worker is there, if a worker was killed at all. */
  async over(): Promise<void> {
    await this.#crash;
  }
}
