/** What thousands of pending `tasks/result` cost one server process. @module */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { atMost, below } from '../harness/aims.js';
import type { Values } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { quantile } from '../harness/statistics.js';
import type { Bare } from '../rig/bare.js';
import type { Child } from '../rig/child.js';
import { Mcp2025 } from '../rig/mcp-2025.js';
import type { Rig } from '../rig/rig.js';
import { FINISH } from '../served/signals.js';

const MIB = 1024 * 1024;
/** How many starts and signals are on their way at once. */
const AT_ONCE = 32;
/** How long to let waits settle, and how long to look at the idle process, in milliseconds. */
const [SETTLE, LOOK] = [10_000, 20_000];
/** How long results may take to arrive before the row gives up, in milliseconds. */
const PATIENCE = 60_000;

/** Something that waits for tasks in a process of its own. */
interface Waits {
  readonly process: Child;
  add(ids: readonly string[]): Promise<void>;
  seen(): Promise<{ readonly failed: number; readonly arrived: Readonly<Record<string, number>> }>;
}

export const waits: Row = {
  name: 'waits',
  work: '1,000 and 10,000 pending `tasks/result` in one server process, with its worker in another',
  against: 'a bare process with as many pending `handle.result()`',
  measures: {
    each: { title: '1,000 waits: memory of each', unit: 'KiB', better: 'lower' },
    memory: { title: '10,000 waits: memory of the process', unit: 'MiB', better: 'lower' },
    processor: { title: '10,000 waits: while nothing happens', unit: '% of a core', better: 'lower' },
    late50: { title: '10,000 waits: 500 tasks close → result at the client, p50', unit: 's', better: 'lower' },
    late: { title: '10,000 waits: 500 tasks close → result at the client, the last one', unit: 's', better: 'lower' },
    failed: { title: '10,000 waits: failed', unit: 'waits', better: 'lower' },
  },
  aims: [
    atMost('failed', 0, ''),
    below('memory', 400, 'MiB'),
    below('processor', 15, '% of a core'),
    atMost('late', 2, 's'),
    below('each', 150, 'KiB'),
  ],
  async run(rig, { short }) {
    const sizes = short ? { few: 20, many: 100, close: 20 } : { few: 1_000, many: 10_000, close: 500 };
    const key = randomBytes(32).toString('hex');
    await rig.ours({ key, server: false, workflows: true });
    const { http, process } = await rig.ours({ key, worker: false });
    const bare = await rig.bareClient('mcp-tasks');
    const mcp = await Mcp2025.begin(http);
    const ids: string[] = [];
    await inLanes(sizes.many + sizes.close, async () => void ids.push(await mcp.submit('idle')));

    const ours = await measure(bare, ids.slice(0, sizes.many), oursWaiting(mcp, process), sizes, short);
    await process.stop();
    const limit = await measure(bare, ids.slice(sizes.close), await bareWaiting(rig), sizes, short);
    return { ours, limit, peers: {} };
  },
};

async function measure(
  bare: Bare,
  ids: readonly string[],
  waiting: Waits,
  { few, close }: { few: number; close: number },
  short: boolean,
): Promise<Values> {
  const alone = await waiting.process.memory();
  await waiting.add(ids.slice(0, few));
  await delay(short ? 1_000 : SETTLE);
  const some = await waiting.process.memory();
  await waiting.add(ids.slice(few));
  await delay(short ? 1_000 : SETTLE);
  const processor = await waiting.process.processor(short ? 1_000 : LOOK);
  const all = await waiting.process.memory();

  const closing = ids.slice(0, close);
  await inLanes(close, async (number) => {
    await bare.client.workflow.getHandle(closing[number] as string).signal(FINISH);
  });
  const deadline = Date.now() + PATIENCE;
  let seen = await waiting.seen();
  while (closing.some((id) => seen.arrived[id] === undefined) && Date.now() < deadline) {
    await delay(100);
    seen = await waiting.seen();
  }
  const late: number[] = [];
  for (const id of closing) {
    const { closeTime } = await bare.client.workflow.getHandle(id).describe();
    late.push(((seen.arrived[id] ?? deadline) - (closeTime?.getTime() ?? deadline)) / 1_000);
  }
  return {
    each: (some.now - alone.now) / few / 1024,
    memory: all.now / MIB,
    processor,
    late50: quantile(late, 0.5),
    late: Math.max(...late),
    failed: seen.failed,
  };
}

function oursWaiting(mcp: Mcp2025, process: Child): Waits {
  const arrived: Record<string, number> = {};
  let failed = 0;
  return {
    process,
    add: async (ids) => {
      // Each wait stays open, so these are all sent at once.
      for (const id of ids)
        mcp.result(id).then(
          () => (arrived[id] = Date.now()),
          () => failed++,
        );
      await Promise.resolve();
    },
    seen: async () => await Promise.resolve({ failed, arrived }),
  };
}

async function bareWaiting(rig: Rig): Promise<Waits> {
  const { child } = await rig.child('waits.js', { address: await rig.temporal() });
  return {
    process: child,
    add: async (ids) => void (await child.ask('wait', { ids })),
    seen: async () => (await child.ask('seen')) as Awaited<ReturnType<Waits['seen']>>,
  };
}

async function inLanes(times: number, run: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < times) await run(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
