/** Targets: pure predicates on figures. @module */
import { ratiosOf, type Figures } from './figures.js';

export interface Aim {
  readonly text: string;
  /** Whether the figures meet the target; `undefined` if they lack a value that it needs. */
  met(figures: Figures): boolean | undefined;
}

/** Says that ours / limit is at most `most`. */
export function ratioAtMost(measure: string, most: number): Aim {
  return aim(`${measure} ≤ ${most} × the limit's`, (figures) => compare(ratiosOf(figures)[measure], (r) => r <= most));
}

/** Says that ours / limit is at least `least`. */
export function ratioAtLeast(measure: string, least: number): Aim {
  return aim(`${measure} ≥ ${least} × the limit's`, (figures) =>
    compare(ratiosOf(figures)[measure], (r) => r >= least),
  );
}

/** Says that ours is at most `more` above the limit, in the unit of the measure. */
export function atMostAbove(measure: string, more: number, unit: string): Aim {
  return aim(`${measure} ≤ the limit's + ${more} ${unit}`, ({ ours, limit }) =>
    compare(difference(ours[measure], limit[measure]), (above) => above <= more),
  );
}

/** Says that ours is at most `most`, in the unit of the measure. */
export function atMost(measure: string, most: number, unit: string): Aim {
  return aim(`${measure} ≤ ${most} ${unit}`.trim(), ({ ours }) => compare(ours[measure], (value) => value <= most));
}

/** Says that ours is below `most`, in the unit of the measure. */
export function below(measure: string, most: number, unit: string): Aim {
  return aim(`${measure} < ${most} ${unit}`.trim(), ({ ours }) => compare(ours[measure], (value) => value < most));
}

/** Says that ours is at most the peer's times `share`. */
export function atMostPeer(measure: string, peer: string, share = 1): Aim {
  return aim(`${measure} ≤ ${share === 1 ? '' : `${share} × `}${peer}'s`, (figures) =>
    compare(overPeer(figures, measure, peer), (r) => r <= share),
  );
}

/** Says that ours is at least the peer's times `share`. */
export function atLeastPeer(measure: string, peer: string, share: number): Aim {
  return aim(`${measure} ≥ ${share} × ${peer}'s`, (figures) =>
    compare(overPeer(figures, measure, peer), (r) => r >= share),
  );
}

/**
 * Sums up a row's targets.
 * @returns `false` if one is missed, `undefined` if none is missed but one lacks a value, otherwise `true`
 */
export function allMet(aims: readonly Aim[], figures: Figures): boolean | undefined {
  const met = aims.map((one) => one.met(figures));
  if (met.includes(false)) return false;
  return met.includes(undefined) ? undefined : true;
}

export function aim(text: string, met: Aim['met']): Aim {
  return { text, met };
}

function compare(value: number | undefined, holds: (value: number) => boolean): boolean | undefined {
  return value === undefined ? undefined : holds(value);
}

function difference(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one - other;
}

function overPeer({ ours, peers }: Figures, measure: string, peer: string): number | undefined {
  const [own, other] = [ours[measure], peers[peer]?.[measure]];
  return own === undefined || other === undefined || other === 0 ? undefined : own / other;
}
