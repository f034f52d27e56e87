/** How long a call takes until the task exists. @module */
import { atMostPeer, ratioAtMost } from '../harness/aims.js';
import { interleave } from '../harness/rounds.js';
import { milliseconds, type Row } from '../harness/row.js';
import { samples, spread, timed } from '../harness/samples.js';
import { inTheSameWay, startContestants } from '../rig/contestants.js';
import { FASTMCP, FASTMCP_DURABLE } from '../rig/peers.js';

export const submit: Row = {
  name: 'submit',
  work: '`tools/call` → handle, over HTTP',
  against: 'bare `workflow.start`',
  measures: { p50: milliseconds('p50') },
  aims: [ratioAtMost('p50', 1.4), atMostPeer('p50', FASTMCP)],
  async run(rig, { short }) {
    const contestants = await startContestants(rig, '2026-07-28', [FASTMCP, FASTMCP_DURABLE]);
    return await interleave(
      inTheSameWay(contestants, async (contestant) => {
        const taken = await samples(short ? 5 : 40, async () => {
          let id = '';
          const time = await timed(async () => (id = await contestant.submit('echo')));
          // The next call finds an idle system.
          await contestant.result(id);
          return time;
        });
        return { p50: spread(taken)['p50'] as number };
      }),
      short ? 1 : 7,
    );
  },
};
