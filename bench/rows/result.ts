/** How soon after a task's end its result reaches a client that waits for it. @module */
import { aim, atMostAbove } from '../harness/aims.js';
import { interleave } from '../harness/rounds.js';
import { milliseconds, type Row } from '../harness/row.js';
import { monotonic, spread } from '../harness/samples.js';
import { inTheSameWay, startContestants } from '../rig/contestants.js';
import { endOf } from '../rig/contestant.js';
import { STORE } from '../rig/peers.js';

/** How long the tasks run, in milliseconds: evenly spread over a second, because the store looks once a second. */
const duration = (number: number, count: number): number => 150 + Math.round((1_000 * number) / count);
/** Apart from each other, so that the tasks of a batch do not end at the same time. */
const BATCH = 4;

export const result: Row = {
  name: 'result',
  work: 'a task’s function returns → its `tasks/result` is at the client',
  against: 'bare `handle.result()`',
  measures: { p50: milliseconds('p50'), p95: milliseconds('p95') },
  aims: [
    atMostAbove('p50', 3, 'ms'),
    atMostAbove('p95', 3, 'ms'),
    aim(`p50 ≤ 1/20 of ${STORE}'s`, ({ ours, peers }) => {
      const [own, store] = [ours['p50'], peers[STORE]?.['p50']];
      return own === undefined || store === undefined ? undefined : store >= 20 * own;
    }),
  ],
  async run(rig, { short }) {
    const contestants = await startContestants(rig, '2025-11-25', [STORE]);
    const count = short ? 4 : 24;
    return await interleave(
      inTheSameWay(contestants, async (contestant) => {
        const taken: number[] = [];
        const one = async (number: number): Promise<void> => {
          const id = await contestant.submit('wait', { ms: duration(number, count) });
          const end = endOf(await contestant.result(id));
          taken.push(monotonic() - end);
        };
        // The tasks of a batch have durations from all parts of the second.
        for (let first = 0; first < count / BATCH; first++)
          await Promise.all(
            Array.from({ length: BATCH }, async (_, place) => await one(first + (place * count) / BATCH)),
          );
        return spread(taken);
      }),
      short ? 1 : 5,
    );
  },
};
