/** What a worker and its supervisor process tell each other, as lines of JSON. @module */
import type { ProcessIdentity } from '../local/process-identity.js';
import type { ProgramEnd } from './exit.js';

/** What to run. */
export interface ProgramStart {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The complete environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** Values that must not appear in the log or in lines. */
  readonly secrets: readonly string[];
  /** The value of the variable by which the program's processes are found. */
  readonly mark: string;
  /** How to ask the program to stop, and how long it may take, in milliseconds. */
  readonly stop: Stop;
  /** How long the program may take to stop if the worker is lost, in milliseconds. */
  readonly lostGrace: number;
  /** How long the program may run until the first renewal, in milliseconds. */
  readonly lease: number;
  readonly log: {
    readonly dir: string;
    /** The maximum size in bytes. */
    readonly bytes: number;
    /** Written before the program's own output. */
    readonly title: string;
  };
}

export interface Stop {
  readonly signal: NodeJS.Signals;
  readonly grace: number;
}

/** Why a supervisor stopped its program of its own accord: the lease expired, or a signal came from outside. */
export type WhyStopped = 'lease' | 'signal';

/** To the supervisor. Only the first message is a start. */
export type ToSupervisor =
  | { readonly start: ProgramStart }
  /** The program may run for so many milliseconds from `at`, in milliseconds since 1970. Both have the same clock. */
  | { readonly renew: number; readonly at: number }
  | { readonly stop: Stop };

/** From the supervisor. The last message is `ended` or `failed`. */
export type FromSupervisor =
  | { readonly started: ProcessIdentity }
  | { readonly lines: readonly string[]; readonly offset: number }
  | { readonly ended: ProgramEnd; readonly why?: WhyStopped | undefined; readonly offset: number }
  /** The program could not be started. */
  | { readonly failed: string; readonly code?: string | undefined };
