/** Durations mean what they mean to Temporal, except that they always have a unit. */
import type { Duration as TemporalDuration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { durationProblem, milliseconds, type Duration } from '../../src/task/duration.js';

describe('a duration', () => {
  it('is the text that Temporal accepts, with a unit', () => {
    expectTypeOf<Duration>().toEqualTypeOf<Exclude<TemporalDuration, number | `${number}`>>();
  });

  const units = ['ms', 'msec', 'msecs', 'millisecond', 'milliseconds', 's', 'sec', 'secs', 'second', 'seconds']
    .concat(['m', 'min', 'mins', 'minute', 'minutes', 'h', 'hr', 'hrs', 'hour', 'hours', 'd', 'day', 'days'])
    .concat(['w', 'week', 'weeks', 'y', 'yr', 'yrs', 'year', 'years']);
  it.each(units)('in %s is as long as in Temporal', (unit) => {
    for (const text of [`2${unit}`, `1.5 ${unit}`, `.5 ${unit}`, `3 ${unit.toUpperCase()}`] as Duration[])
      expect(milliseconds(text, 'x')).toBe(msToNumber(text));
  });

  it.each<readonly [unknown, string]>([
    [24, "needs a unit: write '24 hours' or '24 seconds', whichever you mean"],
    ['24', "needs a unit: write '24 hours' or '24 seconds', whichever you mean"],
    [86_400_000, "needs a unit: write '86400000 ms'"],
    [0, "must be greater than 0, such as '30 seconds'"],
    ['0 s', "must be greater than 0, such as '30 seconds'"],
    [-1, "must be greater than 0, such as '30 seconds'"],
    ['-1 day', "must be greater than 0, such as '30 seconds'"],
    ...['soon', '5 parsecs', '', '1 hour 30 minutes', '1h ', NaN, null, true, {}].map(
      (value) => [value, "must be a duration such as '30 seconds', '5m' or '24h'"] as const,
    ),
  ])('is not %j', (value, problem) => {
    expect(durationProblem(value)).toBe(problem);
    expect(() => milliseconds(value as Duration, 'ttl.max')).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message: `\`ttl.max\` ${problem}` }),
    );
  });
});
