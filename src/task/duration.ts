/** @module */

type Unit =
  'ms' | 's' | 'm' | 'h' | 'd' | 'second' | 'seconds' | 'minute' | 'minutes' | 'hour' | 'hours' | 'day' | 'days';

/**
 * A length of time: a number of milliseconds, or text such as `'30 seconds'` or `'24h'`, as in Temporal's own options.
 */
export type Duration = number | `${number}${Unit}` | `${number} ${Unit}`;
