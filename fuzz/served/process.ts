/** A fuzzed process, as the fuzzer sees it: its lines, its log and its vitals. @module */
import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Vitals } from './vitals.js';

/** How long a process may take to start, or to answer about itself, in milliseconds. */
const PATIENCE = 60_000;
/** How many lines of the log are kept for a failure's report. */
const KEPT = 20;
/** pino's number for `warn`. */
const WARN = 40;

export class FuzzedProcess {
  /** How many problems the process has logged. */
  problems = 0;
  /** The last lines on stderr. */
  readonly log: string[] = [];
  /** Settles when the process has ended and its last lines have arrived. */
  readonly #ended: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #logged = new EventEmitter().setMaxListeners(0);
  #exit: string | undefined;
  #stopping = false;

  /** @param script one of this folder; `args` are its arguments */
  constructor(
    readonly name: string,
    script: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.#child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
      execArgv: ['--expose-gc', '--enable-source-maps'],
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, MCP_TASKS_LOG_LEVEL: 'warn', ...env },
    });
    this.#child.once('exit', (code, signal) => (this.#exit = `${code ?? signal}`));
    this.#ended = once(this.#child, 'close');
    // A process that ends takes no more input. How it ended is in `crash`.
    this.#child.stdin?.on('error', (error) => this.#note(`the input of ${name}: ${error.message}`));
    createInterface({ input: this.#child.stderr as NodeJS.ReadableStream }).on('line', (line) => this.#note(line));
  }

  get input(): NodeJS.WritableStream {
    return this.#child.stdin as NodeJS.WritableStream;
  }

  get output(): NodeJS.ReadableStream {
    return this.#child.stdout as NodeJS.ReadableStream;
  }

  /** How the process ended, if it was not asked to. */
  get crash(): string | undefined {
    return this.#stopping ? undefined : this.#exit;
  }

  /** Waits for a promise. @throws Error as soon as the process has ended, with the last lines on its stderr */
  async whileItRuns<T>(awaited: Promise<T>): Promise<T> {
    return await Promise.race([
      awaited,
      this.#ended.then(() => {
        throw new Error(`${this.name} ended (${this.#exit ?? ''}): ${this.log.join('\n')}`);
      }),
    ]);
  }

  /** Returns the first line of the process. */
  async firstLine(): Promise<string> {
    const lines = createInterface({ input: this.output });
    const arrived = once(lines, 'line', { signal: AbortSignal.timeout(PATIENCE) });
    const [line] = (await this.whileItRuns(arrived)) as [string];
    lines.close();
    this.output.resume();
    return line;
  }

  async vitals(): Promise<Vitals> {
    const answer = once(this.#child, 'message', { signal: AbortSignal.timeout(PATIENCE) });
    this.#child.send('vitals');
    return ((await answer) as [Vitals])[0];
  }

  /** Whether a problem has been logged since there were `before`, or is within `delay` milliseconds. */
  async hasLogged(before: number, delay: number): Promise<boolean> {
    if (this.problems === before)
      await once(this.#logged, 'problem', { signal: AbortSignal.timeout(delay) }).catch(() => undefined);
    return this.problems > before;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#exit !== undefined) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(kill);
  }

  #note(line: string): void {
    this.log.push(line);
    if (this.log.length > KEPT) this.log.shift();
    if (!isProblem(line)) return;
    this.problems += 1;
    this.#logged.emit('problem');
  }
}

/** Any output that is not a line of the logger is a problem too. */
function isProblem(line: string): boolean {
  try {
    return ((JSON.parse(line) as { level?: number }).level ?? WARN) >= WARN;
  } catch {
    return true;
  }
}
