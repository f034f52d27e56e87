/** Turns a program's lines into the progress of its task. @module */
import type { StepContext } from '../task/step-context.js';
import { cut } from '../limits/limits.js';
import type { CallArguments } from './arguments.js';
import { progressReader, type LineProgress, type ReadLine } from './progress.js';
import type { CommandProgress } from './spec.js';

/** How many of the last lines the status shows, and the maximum length of each, in characters. */
const SHOWN = { lines: 3, length: 200 };
/** How long to collect lines before reporting, in milliseconds. */
const PAUSE = 250;

/** What a task's status shows of its program. */
export class StatusReport {
  readonly #read: ReadLine;
  #progress: LineProgress = {};
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly progress: CommandProgress | undefined,
    args: CallArguments,
    private readonly ctx: Pick<StepContext, 'progress'>,
  ) {
    this.#read = progressReader(progress, args);
  }

  add(lines: readonly string[]): void {
    for (const line of lines) this.#progress = { ...this.#progress, ...this.#read(line) };
    this.#lines = [...this.#lines, ...lines.filter((line) => this.#isReadable(line))].slice(-SHOWN.lines);
    this.#timer ??= setTimeout(() => this.#report(), PAUSE);
  }

  /** Reports what has not been reported yet. */
  close(): void {
    if (this.#timer !== undefined) this.#report();
  }

  /** Lines for programs say less than the message that is taken from them. */
  #isReadable(line: string): boolean {
    if (line.trim() === '') return false;
    return !(this.progress?.json && line.startsWith('{')) && !this.progress?.keyValue;
  }

  #report(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { current = 0, total, message } = this.#progress;
    const shown = this.#lines.map((line) => cut(line.trim(), SHOWN.length));
    const said = [...(message === undefined ? [] : [message]), ...shown.filter((line) => line !== message)];
    this.ctx.progress(current, total, said.length > 0 ? said.join('\n') : undefined);
  }
}
