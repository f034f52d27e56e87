/** How soon another replica lists a new task, which it knows only from Temporal's visibility store. @module */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { OURS } from '../harness/figures.js';
import { interleave } from '../harness/rounds.js';
import { milliseconds, type Row } from '../harness/row.js';
import { samples, spread } from '../harness/samples.js';
import { Mcp2025 } from '../rig/mcp-2025.js';

/** Temporal answers about ten lists a second in a namespace, so the client lists every 100 ms. */
const INTERVAL = 100;

export const listLag: Row = {
  name: 'list-lag',
  work: 'a task is started → `tasks/list` at another replica has it',
  against: 'nothing',
  measures: { p50: milliseconds('p50'), p95: milliseconds('p95') },
  aims: [],
  async run(rig, { short }) {
    const key = randomBytes(32).toString('hex');
    const here = await rig.ours({ key });
    const elsewhere = await rig.ours({ key, worker: false });
    let owners = 0;
    const lag = async (): Promise<number> => {
      // A new owner's list contains one task.
      const owner = `owner-${++owners}`;
      const id = await (await Mcp2025.begin(here.http, owner)).submit('echo');
      const other = await Mcp2025.begin(elsewhere.http, owner);
      const from = performance.now();
      for (;;) {
        const sent = performance.now();
        if (JSON.stringify(await other.list()).includes(id)) return performance.now() - from;
        await delay(Math.max(0, INTERVAL - (performance.now() - sent)));
      }
    };
    return await interleave({ [OURS]: async () => spread(await samples(short ? 3 : 30, lag)) }, short ? 1 : 3);
  },
};
