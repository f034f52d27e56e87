/** @module */

type Unit =
  'ms' | 's' | 'm' | 'h' | 'd' | 'second' | 'seconds' | 'minute' | 'minutes' | 'hour' | 'hours' | 'day' | 'days';

/** A length of time: milliseconds as a number, or text such as `'30 seconds'` or `'24h'`, as Temporal's own options take it. */
export type Duration = number | `${number}${Unit}` | `${number} ${Unit}`;
