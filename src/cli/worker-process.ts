/** A worker in its own process. @module */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { McpTasksError } from '../task/errors.js';
import type { Durability } from '../local/durability.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
/** How long a worker may take to get ready, in milliseconds. It may have to bundle its workflows first. */
const START_TIMEOUT = 60_000;
/** How long a worker may take to stop when asked, in milliseconds. */
const STOP_TIMEOUT = 20_000;

/** The message that the child sends its parent once it is working. */
export const READY = 'ready';

const STDERR = 2;

export interface WorkerProcessOptions {
  /** The module with the tools. @default the reference tools */
  readonly file?: string;
  /** @default that of the `worker` command */
  readonly taskQueue?: string;
  /** Where a dev server and a PostgreSQL keep their data. */
  readonly dir: string;
  /** What the data of the dev server in `dir` survives. @default that of the `worker` command */
  readonly durability?: Durability;
  /**
   * The environment for a worker of a module: all of it, because only the author knows what the tools read. A worker of
   * the reference tools gets no `MCP_TASKS_KEY`, which only servers use.
   */
  readonly env: NodeJS.ProcessEnv;
}

export class WorkerProcess {
  readonly #exited: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.#exited = once(child, 'exit');
  }

  /**
   * Starts a worker that uses the same Temporal as everything else in `dir`, and waits until it is ready. Its output
   * never reaches this process's stdout.
   * @throws McpTasksError `LOCAL_SERVICE` if it ends first or is not ready within 60 s; its own output is on stderr
   */
  static async start({ file, taskQueue, dir, durability, env }: WorkerProcessOptions): Promise<WorkerProcess> {
    const queue = taskQueue === undefined ? [] : ['--task-queue', taskQueue];
    const storage = durability === undefined ? [] : ['--durability', durability];
    const args = ['worker', ...(file === undefined ? [] : [file]), '--dir', dir, ...storage, ...queue];
    // The IPC channel also tells the child when its parent is gone.
    const child = fork(MAIN, args, {
      env: file === undefined ? withoutKey(env) : env,
      stdio: ['ignore', STDERR, STDERR, 'ipc'],
    });
    const process = new WorkerProcess(child);
    const signal = AbortSignal.timeout(START_TIMEOUT);
    try {
      await Promise.race([once(child, 'message', { signal }), process.#failed()]);
    } catch (error) {
      child.kill('SIGKILL');
      throw error instanceof McpTasksError
        ? error
        : new McpTasksError('LOCAL_SERVICE', `the worker was not ready within ${START_TIMEOUT / 1000} s`, {
            cause: error,
          });
    }
    return process;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /**
   * Resolves when the process has ended, for whatever reason.
   * @returns how it ended, for a log
   */
  async ended(): Promise<string> {
    await this.#exited;
    return this.child.signalCode ?? `exit code ${this.child.exitCode}`;
  }

  /**
   * Kills the process with SIGKILL, as a crash or the kernel would.
   * @returns the signal that ended it
   */
  async kill(): Promise<NodeJS.Signals | null> {
    this.child.kill('SIGKILL');
    await this.#exited;
    return this.child.signalCode;
  }

  /** Lets running steps end and stops the process. Kills it if that takes longer than 20 s. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT);
    await this.#exited;
    clearTimeout(timer);
  }

  async #failed(): Promise<never> {
    await this.#exited;
    throw new McpTasksError(
      'LOCAL_SERVICE',
      `the worker exited while starting (${this.child.signalCode ?? `exit code ${this.child.exitCode}`})`,
    );
  }
}

function withoutKey(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { MCP_TASKS_KEY: _, ...env } = given;
  return env;
}
