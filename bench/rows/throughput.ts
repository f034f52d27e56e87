/** How many tasks a second go from call to result. @module */
import { ratioAtLeast } from '../harness/aims.js';
import { interleave } from '../harness/rounds.js';
import { perSecond, type Row } from '../harness/row.js';
import { rateOf } from '../harness/samples.js';
import { inTheSameWay, startContestants } from '../rig/contestants.js';
import { FASTMCP, FASTMCP_DURABLE } from '../rig/peers.js';

export const throughput: Row = {
  name: 'throughput',
  work: 'tasks per second, call → result, with 8 and with 32 in flight',
  against: 'bare start + result of the same workflow with one activity',
  measures: { rate8: perSecond('8 in flight'), rate32: perSecond('32 in flight') },
  aims: [ratioAtLeast('rate8', 0.95), ratioAtLeast('rate32', 0.95)],
  async run(rig, { short }) {
    const contestants = await startContestants(rig, '2025-11-25', [FASTMCP, FASTMCP_DURABLE]);
    return await interleave(
      inTheSameWay(contestants, async (contestant) => {
        const one = async (): Promise<unknown> => await contestant.result(await contestant.submit('echo'));
        return { rate8: await rateOf(short ? 8 : 64, 8, one), rate32: await rateOf(short ? 32 : 128, 32, one) };
      }),
      short ? 1 : 7,
    );
  },
};
