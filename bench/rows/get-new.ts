/** How long it takes to read a task that has just been started. @module */
import { atMostPeer } from '../harness/aims.js';
import { interleave } from '../harness/rounds.js';
import { milliseconds, type Row } from '../harness/row.js';
import { samples, spread, timed } from '../harness/samples.js';
import { inTheSameWay, startContestants } from '../rig/contestants.js';
import { FASTMCP, FASTMCP_DURABLE } from '../rig/peers.js';

export const getNew: Row = {
  name: 'get-new',
  work: '`tasks/get` right after the call',
  against: 'FastMCP; bare `describe` for comparison',
  measures: { p50: milliseconds('p50') },
  aims: [atMostPeer('p50', FASTMCP)],
  async run(rig, { short }) {
    const contestants = await startContestants(rig, '2026-07-28', [FASTMCP, FASTMCP_DURABLE]);
    return await interleave(
      inTheSameWay(contestants, async (contestant) => {
        const taken = await samples(short ? 5 : 40, async () => {
          const id = await contestant.submit('echo');
          const time = await timed(async () => await contestant.get(id));
          await contestant.result(id);
          return time;
        });
        return { p50: spread(taken)['p50'] as number };
      }),
      short ? 1 : 7,
    );
  },
};
