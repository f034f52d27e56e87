/** What one owner's many subscriptions cost another owner's requests. @module */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { aim } from '../harness/aims.js';
import { LIMIT, OURS, ratiosOf, type Values } from '../harness/figures.js';
import { interleave } from '../harness/rounds.js';
import { milliseconds, type Row } from '../harness/row.js';
import { rateOf, samples, spread, timed } from '../harness/samples.js';
import { Mcp2026 } from '../rig/mcp-2026.js';

/** How long subscriptions are open before the reads begin, and how long to rest after them, in milliseconds. */
const SETTLE = 5_000;
const AT_ONCE = 16;

export const subscriptions: Row = {
  name: 'subscriptions',
  work: '`tasks/get` of one owner, while another one has 20 subscriptions to 100 idle tasks each',
  against: 'the same without subscriptions',
  measures: {
    p50: milliseconds('p50'),
    p95: milliseconds('p95'),
    processor: { title: 'the server, before the reads', unit: '% of a core', better: 'lower' },
  },
  aims: [aim('p50 < 1.5 × the limit’s', (figures) => holds(ratiosOf(figures)['p50'], (ratio) => ratio < 1.5))],
  async run(rig, { short }) {
    const [number, each] = short ? [2, 5] : [20, 100];
    const key = randomBytes(32).toString('hex');
    await rig.ours({ key, server: false, workflows: true });
    const { http, process } = await rig.ours({ key, worker: false });
    const [ann, bob] = [new Mcp2026(http, 'ann'), new Mcp2026(http, 'bob')];
    const mine = await ann.submit('idle');
    const others: string[] = [];
    await rateOf(number * each, AT_ONCE, async () => others.push(await bob.submit('idle')));
    const settle = short ? 500 : SETTLE;

    const measure = async (subscribed: readonly string[][]): Promise<Values> => {
      const open = [];
      for (const ids of subscribed) open.push(await subscribe(bob, ids));
      await delay(settle);
      const processor = await process.processor(settle);
      const taken = await samples(short ? 20 : 150, async () => await timed(async () => await ann.get(mine)));
      for (const close of open) close();
      await delay(settle);
      return { ...spread(taken), processor };
    };
    const ids = Array.from({ length: number }, (_, place) => others.slice(place * each, (place + 1) * each));
    return await interleave(
      { [OURS]: async () => await measure(ids), [LIMIT]: async () => await measure([]) },
      short ? 1 : 5,
    );
  },
};

/** Subscribes, and waits until the state of all tasks has arrived. */
async function subscribe(client: Mcp2026, ids: readonly string[]): Promise<() => void> {
  const missing = new Set(ids);
  let complete: () => void = () => undefined;
  const all = new Promise<void>((done) => (complete = done));
  const close = await client.listen(ids, ({ method, params }) => {
    if (method !== 'notifications/tasks') return;
    missing.delete(String(params?.['taskId']));
    if (missing.size === 0) complete();
  });
  await all;
  return close;
}

function holds(value: number | undefined, test: (value: number) => boolean): boolean | undefined {
  return value === undefined ? undefined : test(value);
}
