/** Starts, watches and stops the cluster's processes, even if the tests fail. @module */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** How long a process may take to stop after SIGTERM, in milliseconds. */
const STOP_TIMEOUT = 15_000;
/** How much of the output is kept, in characters. */
const KEPT = 100_000;

export interface ProcessOptions {
  readonly cwd?: string;
  /** Added to this process's environment, minus its `TEMPORAL_*` and `MCP_TASKS_*` variables. */
  readonly env?: NodeJS.ProcessEnv;
}

const running = new Set<Process>();
// Must be synchronous, in case the test process exits without running its hooks.
process.on('exit', () => running.forEach(({ child }) => child.kill('SIGKILL')));

export class Process {
  readonly child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #output = '';

  constructor(
    readonly name: string,
    file: string,
    args: readonly string[],
    { cwd, env }: ProcessOptions = {},
  ) {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !/^(TEMPORAL|MCP_TASKS)_/.test(key)),
    );
    this.child = spawn(file, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#closed = once(this.child, 'close').finally(() => running.delete(this));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data: Buffer) => (this.#output = (this.#output + data.toString()).slice(-KEPT)));
    }
    running.add(this);
  }

  /** The last part of its output, from both streams. */
  get output(): string {
    return this.#output;
  }

  /** Waits for matching output. @returns the match @throws Error if the process ends first, or after `timeout` ms */
  async wrote(text: RegExp, timeout = 60_000): Promise<RegExpExecArray> {
    const signal = AbortSignal.timeout(timeout);
    const ended = this.#closed.then(
      () => 'ended',
      (error: Error) => error.message,
    );
    for (;;) {
      const match = text.exec(this.#output);
      if (match) return match;
      const data = [this.child.stdout, this.child.stderr].flatMap((stream) =>
        stream ? [once(stream, 'data', { signal })] : [],
      );
      const how = await Promise.race([...data.map(async (more) => void (await more)), ended]).catch(
        () => `did not write ${text} within ${timeout / 1000} s`,
      );
      if (how && !text.test(this.#output)) throw new Error(`${this.name} ${how}:\n${this.#output.slice(-4000)}`);
    }
  }

  /** Sends SIGTERM and waits until the process has ended, killing it if that takes too long. @returns its exit code */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT);
    await this.#closed;
    clearTimeout(timer);
    return this.child.exitCode;
  }

  /** Waits until the process has ended by itself. @returns its exit code */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.child.exitCode;
  }

  /** Kills the process, as a crash would. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#closed;
  }
}

/** Stops every running process that was started here. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map(async (one) => await one.stop()));
}
