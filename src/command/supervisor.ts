/**
 * The supervisor: a process that holds one program. It ends the program's processes when the worker that started it dies
 * (its end of stdin closes) or does not renew the lease, as when the worker is paused. It also writes the program's log,
 * so that the last lines are kept even if the worker has died.
 *
 * It has its own session, and the program has its own process group. It uses nothing of Temporal or MCP.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { identify, type ProcessIdentity } from '../local/process-identity.js';
import { LineSplitter } from './lines.js';
import { LogFile } from './log-file.js';
import { isLeft, MARK, signalProgram } from './processes.js';
import { secretMask } from './secrets.js';
import type { FromSupervisor, ProgramStart, Stop, ToSupervisor, WhyStopped } from './supervisor-messages.js';

/** How often to look at the lease and at what is left of the program, in milliseconds. */
const LOOK = 100;
/** How long the program's processes may go on writing after its end, in milliseconds. */
const LINGER = 1_000;

class Supervisor {
  readonly #program: ChildProcess;
  readonly #leader: ProcessIdentity | undefined;
  readonly #log: LogFile;
  readonly #mask: (line: string) => string;
  #forwarding = true;
  /** When the lease ends. On both clocks: one stands still while the machine sleeps, the other can be set. */
  #lease: { readonly steady: number; readonly wall: number };
  #why: WhyStopped | undefined;
  /** When to kill what is left, by the steady clock. */
  #killAt: number | undefined;

  constructor(private readonly start: ProgramStart) {
    const { argv, cwd, env, mark, log, secrets, lease } = start;
    const [file = '', ...args] = argv;
    this.#mask = secretMask(secrets);
    this.#log = new LogFile(log.dir, log.bytes);
    this.#log.append(`${this.#mask(log.title)}\n`);
    this.#lease = leaseOf(lease);
    this.#program = spawn(file, args, {
      cwd,
      env: { ...env, [MARK]: mark },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid, stdout, stderr } = this.#program;
    this.#leader = pid === undefined ? undefined : identify(pid);
    this.#program.once('error', ({ message, code }: NodeJS.ErrnoException) => this.#failed(message, code));
    if (!this.#leader) return;
    this.#tell({ started: this.#leader });
    for (const output of [stdout, stderr]) if (output) this.#follow(output);
    setInterval(() => this.#look(), LOOK);
    this.#program.once('exit', (code, signal) => void this.#ending({ code, signal }));
  }

  /** @param at when the worker asked Temporal. The message may have waited, if this process was paused */
  renew(lease: number, at: number): void {
    this.#lease = leaseOf(lease - (Date.now() - at));
  }

  /** Asks the program to stop. A second request can only shorten the time that it has. */
  stop({ signal, grace }: Stop): void {
    if (!this.#leader) return;
    const at = performance.now() + grace;
    if (this.#killAt === undefined) signalProgram(this.#processes(), signal);
    this.#killAt = Math.min(this.#killAt ?? at, at);
  }

  /** The worker is gone, or must count as gone. */
  lost(why?: WhyStopped): void {
    const { stop, lostGrace } = this.start;
    if (this.#killAt === undefined) this.#why = why;
    this.stop({ signal: stop.signal, grace: lostGrace });
  }

  /** Stops sending lines, because nobody reads them. */
  workerGone(): void {
    this.#forwarding = false;
    this.#program.stdout?.resume();
    this.#program.stderr?.resume();
    this.lost();
  }

  #processes() {
    return { leader: this.#leader, mark: this.start.mark };
  }

  #look(): void {
    const expired = performance.now() >= this.#lease.steady || Date.now() >= this.#lease.wall;
    if (expired) this.lost('lease');
    if (this.#killAt !== undefined && performance.now() >= this.#killAt) signalProgram(this.#processes(), 'SIGKILL');
  }

  #follow(output: Readable): void {
    let lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(this.#mask(line)));
    const write = (): void => {
      if (lines.length === 0) return;
      this.#log.append(lines.map((line) => `${line}\n`).join(''));
      const told = this.#tell({ lines, offset: this.#log.offset });
      lines = [];
      if (told) return;
      // The worker is slow or paused. Its lease goes on.
      output.pause();
      process.stdout.once('drain', () => output.resume());
    };
    output.on('data', (chunk: Buffer) => {
      splitter.push(chunk);
      write();
    });
    output.once('close', () => {
      splitter.end();
      write();
    });
    output.on('error', () => undefined);
  }

  /** The program has ended. Waits for its output, and ends the processes that it has left behind. */
  async #ending(end: { code: number | null; signal: string | null }): Promise<void> {
    const { stdout, stderr } = this.#program;
    const silent = Promise.all([closed(stdout), closed(stderr)]);
    await Promise.race([silent, sleep(LINGER)]);
    if (isLeft(this.#processes())) this.lost();
    while (isLeft(this.#processes())) await sleep(LOOK);
    await Promise.race([silent, sleep(LINGER)]);
    this.#tell({ ended: end, why: this.#why, offset: this.#log.offset });
    this.#leave();
  }

  #failed(message: string, code: string | undefined): void {
    // Also emitted if a signal could not be sent, but then the program runs.
    if (this.#leader) return;
    this.#tell({ failed: this.#mask(message), code });
    this.#leave();
  }

  #leave(): void {
    this.#log.close();
    // Ends once everything is written, or at once if nobody reads it.
    if (!this.#forwarding) process.exit();
    process.stdout.write('', () => process.exit());
  }

  #tell(message: FromSupervisor): boolean {
    return !this.#forwarding || process.stdout.write(`${JSON.stringify(message)}\n`);
  }
}

function leaseOf(lease: number): { readonly steady: number; readonly wall: number } {
  return { steady: performance.now() + lease, wall: Date.now() + lease };
}

async function closed(output: Readable | null): Promise<void> {
  if (!output || output.closed) return;
  await new Promise<void>((resolve) => output.once('close', resolve));
}

async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

let supervisor: Supervisor | undefined;

process.stdout.on('error', () => supervisor?.workerGone());
// A stop of the whole service may reach this process too: the program must not survive it.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => (supervisor ? supervisor.lost('signal') : process.exit()));
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line) as ToSupervisor;
    if ('start' in message) supervisor ??= new Supervisor(message.start);
    else if ('renew' in message) supervisor?.renew(message.renew, message.at);
    else supervisor?.stop(message.stop);
  })
  .on('close', () => (supervisor ? supervisor.workerGone() : process.exit()));
