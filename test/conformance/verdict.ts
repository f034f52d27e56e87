/** What the checks of one scenario amount to. Pure. @module */
import { z } from 'zod';
import type { Scenario } from './scenarios.js';

/** The suite's `checks.json`, as far as it is read. */
export const Checks = z.array(z.object({ id: z.string(), status: z.string(), errorMessage: z.string().optional() }));
export type Checks = z.infer<typeof Checks>;

export interface Verdict {
  readonly passed: number;
  readonly skipped: number;
  /** A line for each check that did not pass. */
  readonly failures: readonly string[];
}

/** What `--json` writes of each scenario. */
export interface ScenarioResult extends Scenario {
  readonly checks: Checks;
  readonly verdict: Verdict;
}

/**
 * Only a success has passed: a warning has not, nor has a check that was skipped, but for those of `alwaysSkipped`. A
 * scenario without any check has failed, because it has not run.
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
