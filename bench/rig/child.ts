/** A process of the benchmark. It ends when this process does, however that ends. @module */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** How long a process may take to start, or to answer, in milliseconds. */
const PATIENCE = 120_000;
/** How long a process may take to stop before it is killed, in milliseconds. */
const GRACE = 20_000;

export interface MemoryUse {
  /** The resident set after a garbage collection, in bytes. */
  readonly now: number;
  /** The most that the process has had, in bytes. */
  readonly peak: number;
}

export interface Started {
  readonly child: Child;
  /** What the script's `start` returned. */
  readonly ready: unknown;
}

export class Child {
  readonly #child: ChildProcess;
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /**
   * Starts a script that calls `serveParent`.
   * @param script relative to the folder `served`
   * @param given what the script's function gets
   * @returns the process and what its function returned
   */
  static async start(script: string, given: object): Promise<Started> {
    const process = fork(fileURLToPath(new URL(`../served/${script}`, import.meta.url)), [], {
      execArgv: ['--expose-gc', '--enable-source-maps'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    process.setMaxListeners(0);
    const child = new Child(process);
    try {
      return { child, ready: await child.ask('start', given) };
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Asks the process to do something.
   * @throws Error if it fails, ends, or does not answer in time
   */
  async ask(what: string, given: unknown = {}, patience = PATIENCE): Promise<unknown> {
    const id = ++this.#lastId;
    this.#child.send({ id, what, given });
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(patience)]);
    const ended = once(this.#child, 'exit', { signal }).then(([code, killedBy]: (string | number)[]) => {
      throw new Error(`a process of the benchmark ended (${code ?? killedBy}) instead of answering "${what}"`);
    });
    ended.catch(() => undefined);
    const answered = async (): Promise<unknown> => {
      for (;;) {
        const [answer] = (await once(this.#child, 'message', { signal })) as [Answered];
        if (answer.id !== id) continue;
        if (answer.error !== undefined) throw new Error(answer.error);
        return answer.value;
      }
    };
    try {
      return await Promise.race([answered(), ended]);
    } finally {
      over.abort();
    }
  }

  async memory(): Promise<MemoryUse> {
    return (await this.ask('memory')) as MemoryUse;
  }

  /** Returns the share of a core that the process uses in the next `duration` milliseconds, in percent. */
  async processor(duration: number): Promise<number> {
    const before = (await this.ask('processor')) as number;
    await delay(duration);
    return (100 * (((await this.ask('processor')) as number) - before)) / duration;
  }

  /** Ends the process, which releases what it holds first. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), GRACE);
    await ended;
    clearTimeout(kill);
  }
}

interface Answered {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}
