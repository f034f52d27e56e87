/** Interleaved rounds: contestants take turns, so that whatever else the machine does affects all of them. @module */
import { figuresOf, type Figures, type Values } from './figures.js';

/** Measures one contestant once. `round` counts from 1, and is 0 for the warm-up. */
export type Round = (round: number) => Promise<Values>;

/**
 * Warms each contestant up, runs the rounds and takes medians. Each round begins with another contestant, the first
 * round with the first one. A single round has no warm-up: it only shows that everything works.
 * @param contestants by name; see `OURS` and `LIMIT`
 */
export async function interleave(contestants: Readonly<Record<string, Round>>, rounds: number): Promise<Figures> {
  const entries = Object.entries(contestants);
  if (rounds > 1) for (const [, measure] of entries) await measure(0);
  const measured: Record<string, Values[]> = Object.fromEntries(entries.map(([name]) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    const first = (round - 1) % entries.length;
    for (const [name, measure] of [...entries.slice(first), ...entries.slice(0, first)])
      measured[name]?.push(await measure(round));
  }
  return figuresOf(measured);
}
