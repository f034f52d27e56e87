/** A command tool as data: the form that `defineCommand` and gateway files share. @module */
import type { Duration } from '../task/duration.js';
import type { ToolRetry, ToolTimeouts } from '../tool/policy.js';

/**
 * A part of a command line.
 *
 * - A text is one argument of the program. `{name}` stands for an argument of the call; `{{name}}` is a literal
 *   `{name}`. If a text is only `{name}` and the argument is a list, it becomes one argument per element. If an argument
 *   of the call is missing, the text disappears, and so does an option right before it, as in `--select, "{select}"`.
 * - A list is a group: if an argument that it names is missing, all of it disappears.
 * - `{ if, add }` is there only if that argument is `true`.
 * - `{ value, allowDash }` is a text whose filled-in form may start with `-`. Elsewhere such a value is refused, because
 *   the program would take it for an option.
 */
export type CommandEntry =
  | string
  | readonly CommandEntry[]
  | { readonly if: string; readonly add: CommandEntry }
  | { readonly value: string; readonly allowDash: boolean };

/** A command line: the program, which is fixed, and its arguments. Never goes through a shell. */
export type CommandLine = readonly [program: string, ...entries: CommandEntry[]];

/**
 * How the program reports its progress, line by line. Exactly one of the three is set.
 *
 * @example { regex: '^(?<current>\\d+) of (?<total>\\d+) files: (?<message>.*)' }
 */
export interface CommandProgress {
  /** For lines that are JSON objects: where the values are, as names joined by dots, such as `data.index`. */
  readonly json?: ProgressFields;
  /**
   * For any line: a regular expression with groups named `current`, `total`, `percent` or `message`. It must be matchable
   * in linear time, so it cannot have lookaheads, lookbehinds or backreferences.
   */
  readonly regex?: string;
  /** For lines such as `out_time_us=1200`, as `ffmpeg -progress -` writes: the keys that have the values. */
  readonly keyValue?: ProgressFields;
}

/** Where a line has its values. */
export interface ProgressFields {
  /** How much is done. */
  readonly current?: string;
  /** The total: a place in the line, a number, or `{name}` for an argument of the call. */
  readonly total?: string | number;
  /** The progress in percent, for programs that report it instead of `current` and `total`. */
  readonly percent?: string;
  /** What the program is doing. */
  readonly message?: string;
}

/** What the program's exit codes mean. A program that a signal has ended is run again. */
export interface ExitCodes {
  /** The work is done. @default [0] */
  readonly done?: readonly number[];
  /** A part of the work is done: `resume` continues at once. Uses up an attempt. @default none */
  readonly partial?: readonly number[];
  /** Run again after a pause. @default all other codes */
  readonly retry?: readonly number[];
  /** Running it again cannot help: the task ends with a tool error. @default none */
  readonly permanent?: readonly number[];
  /** The meaning of all codes that are not listed. @default 'retry' */
  readonly others?: 'retry' | 'permanent';
}

/** How a program is asked to stop. */
export interface StopProgram {
  /** The signal that its process group gets. @default 'SIGTERM' */
  readonly signal?: 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGQUIT';
  /** How long the group may take before it gets SIGKILL. At most 10 minutes. @default '5 seconds' */
  readonly grace?: Duration;
}

/** The bounds of a task's log. */
export interface LogBounds {
  /** The maximum size of one task's log, in bytes. The oldest lines are dropped first. @default 64 MiB */
  readonly bytes?: number;
  /** How long logs of ended tasks are kept. @default '7 days' */
  readonly keep?: Duration;
}

/** What a command tool runs, and how. */
export interface CommandSpec {
  /** The command line of the first attempt, and of all others if there is no `resume`. */
  readonly command: CommandLine;
  /** The command line from the second attempt on. @default `command` */
  readonly resume?: CommandLine;
  /**
   * Resumes only if this file, relative to `cwd`, has been written since the task's program first started. Otherwise the
   * next attempt runs `command` again.
   * @default always resumes
   */
  readonly resumeIf?: string;
  /** Run once after a cancelled task's program has ended. @default nothing */
  readonly cleanup?: CommandLine;
  /** Run before a person is asked to confirm; its output is shown in the question. @default nothing */
  readonly plan?: CommandLine;
  /** The question of a tool with a `plan`; `{name}` stands for an argument. @default asks whether to start it */
  readonly question?: string;
  /** The working directory. A relative one is relative to the worker's, or to the gateway file. @default the base itself */
  readonly cwd?: string;
  /**
   * Environment variables. `${NAME}` is replaced on the worker by its own variable NAME, so secrets never leave it. The
   * program gets these, and of the worker's own variables only the basic ones, such as PATH, HOME and LANG.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** How the program reports progress. @default its last line is the message */
  readonly progress?: CommandProgress;
  /** What its exit codes mean. @default 0 is done; all others are retried */
  readonly exit?: ExitCodes;
  /** How it is asked to stop. @default SIGTERM, and SIGKILL after 5 seconds */
  readonly stop?: StopProgram;
  /** Files that the program writes, relative to `cwd`. The result has their sizes and SHA-256 hashes. */
  readonly outputs?: readonly string[];
  /** A JSON file of at most 1,000,000 bytes, relative to `cwd`, to return as `result` in the structured content. */
  readonly result?: string;
  /**
   * Tasks with the same key run one at a time; others wait. `{name}` stands for an argument, `{cwd}` for the working
   * directory as written. Covers all command tools of a task queue.
   * @default tasks do not wait for each other
   */
  readonly key?: string;
  /** The bounds of a task's log. @default 64 MiB, kept for 7 days */
  readonly log?: LogBounds;
  /** How failed attempts are retried. @default see {@link ToolRetry} */
  readonly retry?: ToolRetry;
  /** How long the work may take. @default heartbeat '1 minute'; the others as for function tools */
  readonly timeouts?: ToolTimeouts;
}
