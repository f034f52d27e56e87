/** A program under a supervisor process, as the worker sees it. @module */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { environmentFor } from '../local/environment.js';
import { identify, type ProcessIdentity } from '../local/process-identity.js';
import { endProgram } from './end-program.js';
import type { ProgramEnd } from './exit.js';
import type { FromSupervisor, ProgramStart, Stop, ToSupervisor, WhyStopped } from './supervisor-messages.js';

/** The file next to this one, with the same extension: the sources are not compiled in tests. */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const SUPERVISOR = fileURLToPath(new URL(`./supervisor${EXTENSION}`, import.meta.url));
const NODE_ARGS = EXTENSION === '.ts' ? ['--import', 'tsx', SUPERVISOR] : [SUPERVISOR];

/** How much longer than its grace period a program may take to stop, in milliseconds, before its supervisor counts as stuck. */
const STUCK = 10_000;

/** How a program ended, or why it could not be started. */
export type SupervisedEnd =
  | (ProgramEnd & { readonly kind: 'ended'; readonly why?: WhyStopped | undefined })
  | { readonly kind: 'failed'; readonly message: string; readonly code?: string | undefined };

/** What a program does while it runs. */
export interface ProgramEvents {
  readonly started: (leader: ProcessIdentity) => void;
  /** @param offset the offset in the log after these lines */
  readonly lines: (lines: readonly string[], offset: number) => void;
}

/** A running program. */
export class Supervised {
  readonly supervisor: ProcessIdentity;
  /** Resolves when none of the program's processes is left. */
  readonly ended: Promise<SupervisedEnd>;
  readonly #exited: Promise<unknown>;
  #leader: ProcessIdentity | undefined;
  #stuck: NodeJS.Timeout | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly start: ProgramStart,
    events: ProgramEvents,
  ) {
    this.supervisor = identify(child.pid ?? -1);
    this.#exited = once(child, 'exit').catch(() => undefined);
    this.ended = this.#follow(events);
  }

  /** Starts the supervisor. It starts the program with {@link run}. */
  static prepare(start: ProgramStart, events: ProgramEvents): Supervised {
    const child = spawn(process.execPath, NODE_ARGS, {
      // In a session of its own, so that a signal to the worker's group does not end it before it has ended the program.
      detached: true,
      env: environmentFor('run'),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    // It has ended; that is noticed elsewhere.
    child.stdin?.on('error', () => undefined);
    return new Supervised(child, start, events);
  }

  run(): void {
    this.#tell({ start: this.start });
  }

  /** Lets the program run for so many milliseconds from `at`, in milliseconds since 1970. */
  renew(lease: number, at: number): void {
    this.#tell({ renew: lease, at });
  }

  stop(stop: Stop): void {
    this.#tell({ stop });
    // Without a supervisor that acts, the program is killed from here.
    this.#stuck ??= setTimeout(() => this.child.kill('SIGKILL'), stop.grace + STUCK);
  }

  /** Releases the supervisor, which first ends the program if it still runs. */
  async close(): Promise<void> {
    this.child.stdin?.end();
    await this.#exited;
    clearTimeout(this.#stuck);
  }

  #tell(message: ToSupervisor): void {
    if (this.child.stdin?.writable) this.child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  async #follow({ started, lines }: ProgramEvents): Promise<SupervisedEnd> {
    let end: SupervisedEnd | undefined;
    if (this.child.stdout)
      for await (const line of createInterface({ input: this.child.stdout })) {
        const message = messageIn(line);
        if (!message) break;
        if ('started' in message) {
          this.#leader = message.started;
          started(message.started);
        } else if ('lines' in message) lines(message.lines, message.offset);
        else if ('ended' in message) end = { kind: 'ended', ...message.ended, why: message.why };
        else end = { kind: 'failed', message: message.failed, code: message.code };
      }
    await this.#exited;
    if (end) return end;
    // The supervisor was killed, so it could not end the program.
    await endProgram({ leader: this.#leader, mark: this.start.mark }, { signal: 'SIGKILL', grace: 0 });
    return { kind: 'ended', code: null, signal: 'SIGKILL' };
  }
}

/** Returns the message in a line; `undefined` if it is incomplete, because the supervisor was killed meanwhile. */
function messageIn(line: string): FromSupervisor | undefined {
  try {
    return JSON.parse(line) as FromSupervisor;
  } catch {
    return undefined;
  }
}
