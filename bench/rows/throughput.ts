/** How many tasks a second go from call to result. @module */
import { ratioAtLeast } from '../harness/aims.js';
import { LIMIT, OURS } from '../harness/figures.js';
import { interleave } from '../harness/rounds.js';
import { perSecond, type Row } from '../harness/row.js';
import { rateOf } from '../harness/samples.js';
import { inTheSameWay, startContestants } from '../rig/contestants.js';
import { FASTMCP, FASTMCP_DURABLE } from '../rig/peers.js';

export const throughput: Row = {
  name: 'throughput',
  work: 'tasks per second, call → result, with 8 and with 32 in flight',
  against: 'bare start + result of the same workflow with one activity',
  measures: {
    rate8: perSecond('8 in flight'),
    rate32: perSecond('32 in flight'),
    short8: perSecond('short tool, 8 in flight'),
    short32: perSecond('short tool, 32 in flight'),
  },
  aims: [
    ratioAtLeast('rate8', 0.95),
    ratioAtLeast('rate32', 0.95),
    ratioAtLeast('short8', 1.3),
    ratioAtLeast('short32', 1.3),
  ],
  async run(rig, { short }) {
    const contestants = await startContestants(rig, '2025-11-25', [FASTMCP, FASTMCP_DURABLE]);
    return await interleave(
      inTheSameWay(contestants, async (contestant) => {
        const rates = async (tool: string): Promise<{ eight: number; more: number }> => {
          const one = async (): Promise<unknown> => await contestant.result(await contestant.submit(tool));
          return { eight: await rateOf(short ? 8 : 64, 8, one), more: await rateOf(short ? 32 : 128, 32, one) };
        };
        const { eight: rate8, more: rate32 } = await rates('echo');
        if (contestant === contestants[LIMIT]) return { rate8, rate32, short8: rate8, short32: rate32 };
        if (contestant !== contestants[OURS]) return { rate8, rate32 };
        const { eight: short8, more: short32 } = await rates('echo_short');
        return { rate8, rate32, short8, short32 };
      }),
      short ? 1 : 7,
    );
  },
};
