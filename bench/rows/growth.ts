/** Whether a server stays as fast when there are many tasks. @module */
import { aim, ratioAtMost, type Aim } from '../harness/aims.js';
import { LIMIT, OURS, type Values } from '../harness/figures.js';
import { interleave } from '../harness/rounds.js';
import { milliseconds, type Row } from '../harness/row.js';
import { rateOf, samples, spread, timed } from '../harness/samples.js';
import type { Bare } from '../rig/bare.js';
import { Mcp2025 } from '../rig/mcp-2025.js';
import type { Rig } from '../rig/rig.js';

const [FEW_CLOSED, FEW_OPEN, MANY_OPEN] = [100, 10, 5_000];
const AT_ONCE = 32;
const HOUR = 3_600_000;

const flat = (measure: string): Aim => ratioAtMost(measure, 1.2);

export const growth: Row = {
  name: 'growth',
  work: 'with many tasks: 100,000 closed ones (`--closed`) and 5,000 open ones, all of one owner',
  against: 'the same server with 100 closed tasks and 10 open ones',
  measures: {
    call: milliseconds('`tools/call`, p50'),
    get: milliseconds('`tasks/get`, p50'),
    result: milliseconds('`tools/call` + `tasks/result`, p50'),
    list: milliseconds('the first page of `tasks/list`, p50'),
  },
  aims: [flat('call'), flat('get'), flat('result'), aim('list ≤ 2 × the limit’s', ratioAtMost('list', 2).met)],
  async run(rig, { short, closed }) {
    const small = await Grown.start(rig, { closed: short ? 10 : FEW_CLOSED, open: FEW_OPEN });
    // On a Temporal of its own, so that both can be measured in turns.
    const other = rig.another();
    const large = await Grown.start(other, { closed: short ? 50 : closed, open: short ? 50 : MANY_OPEN });
    const measure = async (grown: Grown): Promise<Values> => await grown.measure(short ? 5 : 40);
    return await interleave(
      { [OURS]: async () => await measure(large), [LIMIT]: async () => await measure(small) },
      short ? 1 : 7,
    );
  },
};

/** A server whose owner has had many tasks. */
class Grown {
  private constructor(
    private readonly mcp: Mcp2025,
    private readonly running: string,
  ) {}

  static async start(rig: Rig, { closed, open }: { closed: number; open: number }): Promise<Grown> {
    const { http } = await rig.ours();
    const mcp = await Mcp2025.begin(http, 'ann');
    const bare = await rig.bareClient('mcp-tasks');
    await rateOf(closed, AT_ONCE, async () => await closedTask(mcp, bare));
    await rateOf(open, AT_ONCE, async () => await mcp.submit('nobody'));
    return new Grown(mcp, await mcp.submit('wait', { ms: HOUR }));
  }

  async measure(times: number): Promise<Values> {
    const { mcp, running } = this;
    const p50 = async (act: () => Promise<unknown>): Promise<number> =>
      spread(await samples(times, async () => await timed(act)))['p50'] as number;
    const calls: number[] = [];
    const results = await samples(times, async () => {
      const from = performance.now();
      const id = await mcp.submit('echo');
      calls.push(performance.now() - from);
      await mcp.result(id);
      return performance.now() - from;
    });
    return {
      call: spread(calls)['p50'] as number,
      result: spread(results)['p50'] as number,
      get: await p50(async () => await mcp.get(running)),
      list: await p50(async () => await mcp.list()),
    };
  }
}

/** Creates a closed task without a worker, because that is faster. */
async function closedTask(mcp: Mcp2025, bare: Bare): Promise<void> {
  await bare.client.workflow.getHandle(await mcp.submit('nobody')).terminate();
}
