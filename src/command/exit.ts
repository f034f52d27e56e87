/** Decides what a program's end means for its task. Pure. @module */
import type { ExitCodes } from './spec.js';

/** How a program ended: with a code, or by a signal. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** `done`: the work is complete. `partial`: resume now. `retry`: run again after a pause. `permanent`: give up. */
export type ExitClass = 'done' | 'partial' | 'retry' | 'permanent';

export function classify({ code }: ProgramEnd, exit: ExitCodes = {}): ExitClass {
  const { done = [0], partial = [], retry = [], permanent = [], others = 'retry' } = exit;
  // Something from outside has ended it, such as the kernel when memory runs out.
  if (code === null) return 'retry';
  if (done.includes(code)) return 'done';
  if (partial.includes(code)) return 'partial';
  if (permanent.includes(code)) return 'permanent';
  return retry.includes(code) ? 'retry' : others;
}

/** Returns the codes that are in more than one class. */
export function ambiguousCodes({ done = [], partial = [], retry = [], permanent = [] }: ExitCodes): number[] {
  const all = [done, partial, retry, permanent].flatMap((codes) => [...new Set(codes)]);
  return [...new Set(all.filter((code, index) => all.indexOf(code) !== index))];
}

/** Says how a program ended: `exit code 2`, or `killed by SIGKILL`. */
export function endText({ code, signal }: ProgramEnd): string {
  return code === null ? `killed by ${signal ?? 'a signal'}` : `exit code ${code}`;
}
