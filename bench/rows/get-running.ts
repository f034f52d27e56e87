/** How long it takes to read a running task, and how many reads a server answers. @module */
import { atLeastPeer, ratioAtLeast, ratioAtMost } from '../harness/aims.js';
import { interleave } from '../harness/rounds.js';
import { milliseconds, perSecond, type Row } from '../harness/row.js';
import { rateOf, samples, spread, timed } from '../harness/samples.js';
import { inTheSameWay, startContestants } from '../rig/contestants.js';
import type { Contestant } from '../rig/contestant.js';
import { FASTMCP, FASTMCP_DURABLE } from '../rig/peers.js';

const CALLERS = 32;
const HOUR = 3_600_000;

export const getRunning: Row = {
  name: 'get-running',
  work: '`tasks/get` of a running task: one caller, and 32 callers of 32 tasks',
  against: 'bare `describe`',
  measures: { p50: milliseconds('one caller, p50'), rate: perSecond('32 callers') },
  aims: [ratioAtMost('p50', 1.8), ratioAtLeast('rate', 0.5), atLeastPeer('rate', FASTMCP, 2)],
  async run(rig, { short }) {
    const contestants = await startContestants(rig, '2026-07-28', [FASTMCP, FASTMCP_DURABLE]);
    const running = new Map<Contestant, string[]>();
    for (const contestant of Object.values(contestants)) {
      const ids: string[] = [];
      for (let number = 0; number < CALLERS; number++) ids.push(await contestant.submit('wait', { ms: HOUR }));
      running.set(contestant, ids);
    }
    return await interleave(
      inTheSameWay(contestants, async (contestant) => {
        const ids = running.get(contestant) as string[];
        const get = async (number: number): Promise<unknown> => await contestant.get(ids[number % CALLERS] as string);
        const taken = await samples(short ? 20 : 150, async (number) => await timed(async () => await get(number)));
        return { p50: spread(taken)['p50'] as number, rate: await rateOf(short ? 100 : 1_500, CALLERS, get) };
      }),
      short ? 1 : 7,
    );
  },
};
