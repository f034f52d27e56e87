/** What a row of the benchmark measures, and what came out. Pure. @module */
import { median } from './statistics.js';

/** Values by measure, such as `{ p50: 4.7, rate: 540 }`. A measure that does not apply is missing. */
export type Values = Readonly<Record<string, number>>;

export interface Figures {
  readonly ours: Values;
  /** What ours is compared with, such as the bare Temporal client. Empty if there is nothing. */
  readonly limit: Values;
  /** By the peer's name. Peers that did not run are missing. */
  readonly peers: Readonly<Record<string, Values>>;
}

/** The part of {@link Figures} that one contestant fills. Everything else is a peer's name. */
export const OURS = 'ours';
export const LIMIT = 'limit';

/** Takes the median of each measure over a contestant's rounds. */
export function mediansOf(rounds: readonly Values[]): Values {
  const names = new Set(rounds.flatMap((values) => Object.keys(values)));
  return Object.fromEntries([...names].map((name) => [name, median(rounds.flatMap((values) => values[name] ?? []))]));
}

/** Sorts the medians of all contestants into figures. */
export function figuresOf(rounds: Readonly<Record<string, readonly Values[]>>): Figures {
  const { [OURS]: ours = [], [LIMIT]: limit = [], ...peers } = rounds;
  return {
    ours: mediansOf(ours),
    limit: mediansOf(limit),
    peers: Object.fromEntries(Object.entries(peers).map(([name, values]) => [name, mediansOf(values)])),
  };
}

/** Returns ours / limit for each measure that both have. */
export function ratiosOf({ ours, limit }: Figures): Values {
  return Object.fromEntries(
    Object.entries(ours).flatMap(([name, value]) => {
      const other = limit[name];
      return other === undefined || other === 0 ? [] : [[name, value / other]];
    }),
  );
}
