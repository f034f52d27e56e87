/** Kills the worker in the middle of the load, as a crash would, and starts another. @module */
import type { LocalStack } from '../../src/cli/local-stack.js';
import type { TaskStatus } from '../../src/client/index.js';
import { percentOf, say, type Screen } from './screen.js';

/** The worker is killed once progress reaches this percentage: some chunks are committed, most are not. */
const PERCENT = 20;

export class Crash {
  /** Number of workers that ended by SIGKILL. */
  kills = 0;
  #crash: Promise<void> | undefined;
  #wentOn = false;
  readonly #failed = new AbortController();

  constructor(
    private readonly stack: LocalStack,
    private readonly screen: Screen,
  ) {}

  /** Aborted if no other worker is left to continue the load. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Handles a new status. Kills the worker once, when the load has progressed far enough. */
  consider(status: TaskStatus): void {
    const percent = percentOf(status);
    if (percent === undefined) return;
    if (this.#crash) return this.#seeItGoOn(percent, status);
    if (percent < PERCENT || percent >= 100) return;
    this.#crash = this.#run(percent);
    // Without a worker, the demo would wait forever for the load.
    this.#crash.catch((error: unknown) => this.#failed.abort(error));
  }

  async #run(percent: number): Promise<void> {
    const { pid } = this.stack.worker;
    const signal = await this.stack.worker.kill();
    if (signal === 'SIGKILL') this.kills++;
    this.screen.pause();
    say(
      `Killed the worker (process ${pid}, ${signal}) at ${percent} %. Temporal will notice that its heartbeats have stopped`,
    );
    const next = await this.stack.restartWorker();
    void next.ended().then((how) => this.#failed.abort(new Error(`the second worker ended too (${how})`)));
    say(`Started a second worker (process ${next.pid})`);
    this.screen.resume();
  }

  /** Reports that the load continues. The new attempt's first progress is what the killed one had committed. */
  #seeItGoOn(percent: number, { statusMessage = '' }: TaskStatus): void {
    if (this.#wentOn || !/attempt 2 of \d+ \(/.test(statusMessage)) return;
    this.#wentOn = true;
    this.screen.pause();
    say(`The load continues at ${percent} %, after the last committed chunk`);
    this.screen.resume();
  }

  /** Waits until the second worker has started, if a worker was killed at all. */
  async over(): Promise<void> {
    await this.#crash;
  }
}
