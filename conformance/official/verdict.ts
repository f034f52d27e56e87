/** The verdict on the checks of one scenario. Pure. @module */
import { z } from 'zod';
import type { Scenario } from './scenarios.js';

/** The fields of the suite's `checks.json` that are used here. */
export const Checks = z.array(z.object({ id: z.string(), status: z.string(), errorMessage: z.string().optional() }));
export type Checks = z.infer<typeof Checks>;

export interface Verdict {
  readonly passed: number;
  readonly skipped: number;
  /** One line for each check that failed. */
  readonly failures: readonly string[];
}

/** The entry that `--json` writes for each scenario. */
export interface ScenarioResult extends Scenario {
  readonly checks: Checks;
  readonly verdict: Verdict;
}

/**
 * Judges the checks of one scenario. Only a success passes: a warning fails, and so does a skipped check unless it is
 * in `alwaysSkipped`. A scenario without checks fails, because it did not run.
 */
export function judge(checks: Checks, alwaysSkipped: ReadonlySet<string>): Verdict {
  if (checks.length === 0) return { passed: 0, skipped: 0, failures: ['it ran no checks'] };
  const passed = checks.filter(({ status }) => status === 'SUCCESS');
  const skipped = checks.filter(({ id, status }) => status === 'SKIPPED' && alwaysSkipped.has(id));
  const failed = checks.filter((check) => !passed.includes(check) && !skipped.includes(check));
  return {
    passed: passed.length,
    skipped: skipped.length,
    failures: failed.map(
      ({ id, status, errorMessage }) => `${status} ${id}${errorMessage === undefined ? '' : `: ${errorMessage}`}`,
    ),
  };
}
