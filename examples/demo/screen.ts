/** The demo's output. It goes to stderr, so that stdout carries only the result. @module */
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import type { TaskStatus } from '../../src/client/index.js';
import type { Logger } from '../../src/index.js';

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const plain = (_fields: object, message: string): void => say(`  ${message}`);
/** Prints the stack's log lines, but not the tasks' info lines, which would break the progress bar. */
export const logger: Logger = {
  debug() {},
  info: (fields, message) => ('taskId' in fields ? undefined : plain(fields, message)),
  warn: plain,
  error: plain,
};

/** Returns the progress in a status, in percent; undefined if it has none. */
export function percentOf({ statusMessage = '' }: TaskStatus): number | undefined {
  const percent = /\((\d+)%\)/.exec(statusMessage)?.[1];
  return percent === undefined ? undefined : Number(percent);
}

/** Shows a progress bar with the task's status message, or prints a line for each status if there is no terminal. */
export class Screen {
  readonly #bars = new MultiBar(
    {
      format: '{bar} {percentage}%  {message}',
      stopOnComplete: false,
      hideCursor: true,
      stream: process.stderr,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  #bar: SingleBar | undefined;
  #paused = false;
  #percent = 0;

  show(status: TaskStatus): void {
    const message = status.statusMessage ?? status.status;
    this.#percent = percentOf(status) ?? this.#percent;
    if (!process.stderr.isTTY) return say(`  ${message}`);
    if (this.#paused) return;
    this.#bar ??= this.#bars.create(100, 0, { message });
    this.#bar.update(this.#percent, { message });
  }

  /** Removes the bar, so that lines can be printed. */
  pause(): void {
    this.#paused = true;
    if (this.#bar) this.#bars.remove(this.#bar);
    this.#bar = undefined;
  }

  resume(): void {
    this.#paused = false;
  }

  stop(): void {
    this.#bars.stop();
  }

  static table(report: object): string {
    const words: Record<string, string> = {
      rowsIn: 'rows in',
      rowsOut: 'rows out',
      duplicates: 'duplicates',
      missing: 'missing',
      chunks: 'chunks',
      chunksRedone: 'chunks redone',
      workerKills: 'workers killed',
      handleMs: 'time to task ID (ms)',
      loadSeconds: 'time to result (s)',
    };
    const table = new Table({ style: { head: [], border: [] } });
    for (const [field, value] of Object.entries(report))
      table.push({ [words[field] ?? field]: Number(value).toLocaleString('en-US') });
    return table.toString();
  }
}
