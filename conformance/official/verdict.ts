/** The verdict on the checks of one scenario. Pure. @module */
import { z } from 'zod';
import { explains, type Exception } from './exceptions.js';
import type { Scenario } from './scenarios.js';

/** The fields of the suite's `checks.json` that are used here. */
export const Checks = z.array(z.object({ id: z.string(), status: z.string(), errorMessage: z.string().optional() }));
export type Checks = z.infer<typeof Checks>;

export interface Verdict {
  readonly passed: number;
  /** The exceptions that apply. Each is a check that did not pass, for a known reason. */
  readonly exceptions: readonly Exception[];
  /** One line for each check that failed. */
  readonly failures: readonly string[];
}

/** The entry that `--json` writes for each scenario. */
export interface ScenarioResult extends Scenario {
  readonly checks: Checks;
  readonly verdict: Verdict;
}

/**
 * Judges the checks of one scenario. Only a success passes. A warning or a skipped check fails like a failure, unless
 * an exception explains it; an informational entry is not a check. A scenario without checks fails, because it did not
 * run.
 */
export function judge({ name }: Pick<Scenario, 'name'>, checks: Checks, exceptions: readonly Exception[]): Verdict {
  if (checks.length === 0) return { passed: 0, exceptions: [], failures: ['it ran no checks'] };
  const passed = checks.filter(({ status }) => status === 'SUCCESS');
  const others = checks.filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO');
  const explained = exceptions.filter((exception) => others.some(({ id }) => explains(exception, name, id)));
  const failed = others.filter(({ id }) => !explained.some((exception) => explains(exception, name, id)));
  return {
    passed: passed.length,
    exceptions: explained,
    failures: failed.map(
      ({ id, status, errorMessage }) => `${status} ${id}${errorMessage === undefined ? '' : `: ${errorMessage}`}`,
    ),
  };
}

/** Returns the exceptions that no scenario needed. They are out of date and count as failures. */
export function unused(exceptions: readonly Exception[], results: readonly ScenarioResult[]): readonly Exception[] {
  const used = new Set(results.flatMap(({ verdict }) => verdict.exceptions));
  return exceptions.filter((exception) => !used.has(exception));
}
