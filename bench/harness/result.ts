/** The result of a row, as `--json` writes it. Pure. @module */
import { allMet } from './aims.js';
import { ratiosOf, type Figures, type Values } from './figures.js';
import type { Row } from './row.js';

export interface RowResult extends Figures {
  /** The row's number in the table, from 1. */
  readonly row: number;
  readonly name: string;
  /** ours / limit, by measure. */
  readonly ratio: Values;
  readonly aim: string;
  /** `null` if a value is missing, for example because a peer did not run. */
  readonly met: boolean | null;
  /** Each target by itself. */
  readonly aims: readonly { readonly text: string; readonly met: boolean | null }[];
}

export function resultOf(row: Row, number: number, figures: Figures): RowResult {
  return {
    row: number,
    name: row.name,
    ours: rounded(figures.ours),
    limit: rounded(figures.limit),
    peers: Object.fromEntries(Object.entries(figures.peers).map(([name, values]) => [name, rounded(values)])),
    ratio: rounded(ratiosOf(figures)),
    aim: row.aims.map(({ text }) => text).join('; '),
    met: allMet(row.aims, figures) ?? null,
    aims: row.aims.map((aim) => ({ text: aim.text, met: aim.met(figures) ?? null })),
  };
}

/** Keeps three significant digits. */
function rounded(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value.toPrecision(3))]));
}
