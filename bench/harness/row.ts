/** What a row of the benchmark is. @module */
import type { Rig } from '../rig/rig.js';
import type { Aim } from './aims.js';
import type { Figures } from './figures.js';

export interface Measure {
  readonly title: string;
  /** Such as `ms` or `per second`. */
  readonly unit: string;
  readonly better: 'lower' | 'higher';
}

export interface RowOptions {
  /** Measures as little as shows that the row works. */
  readonly short: boolean;
  /** How many closed tasks the row `growth` grows to. */
  readonly closed: number;
}

export interface Row {
  /** For `--only`. */
  readonly name: string;
  /** What is measured, in Markdown. */
  readonly work: string;
  /** What ours is compared with, in Markdown. */
  readonly against: string;
  /** By the names that values and targets use. */
  readonly measures: Readonly<Record<string, Measure>>;
  readonly aims: readonly Aim[];
  /** Measures, with servers that the rig starts and stops. */
  run(rig: Rig, options: RowOptions): Promise<Figures>;
}

export const milliseconds = (title: string): Measure => ({ title, unit: 'ms', better: 'lower' });
export const perSecond = (title: string): Measure => ({ title, unit: '/s', better: 'higher' });
