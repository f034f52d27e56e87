/** How many requests a task causes at Temporal's frontend: exact counts. @module */
import { setTimeout as delay } from 'node:timers/promises';
import { aim, atMost } from '../harness/aims.js';
import type { Values } from '../harness/figures.js';
import type { Measure, Row } from '../harness/row.js';
import { actionsOf } from '../rig/actions.js';
import type { Contestant } from '../rig/contestant.js';
import { Mcp2025 } from '../rig/mcp-2025.js';
import { added, clientRequestsIn, longPollsIn, requestsIn, type Counts } from '../rig/metrics.js';
import { FINISH, SAY } from '../served/signals.js';

/** Long enough for more than three long polls, in milliseconds. */
const WAIT = 65_000;
const HOUR = 3_600_000;
/** Temporal updates its metrics once a second. */
const UPDATE = 1_300;
/** How often to look whether the counts still change. */
const LOOKS = 5;

const requests = (title: string): Measure => ({ title, unit: 'requests', better: 'lower' });

export const requestsPerTask: Row = {
  name: 'requests',
  work: 'requests at Temporal’s frontend, without the worker’s polls for tasks',
  against: 'bare start, and start + `handle.result()`, of the same workflow',
  measures: {
    call: requests('`tools/call`, until the task has ended'),
    task: requests('`tools/call` + `tasks/result`'),
    longPolls: { title: 'the same, long polls', unit: 'long polls', better: 'lower' },
    getRunning: requests('`tasks/get` of a function tool’s running task'),
    getIdle: requests('`tasks/get` of an idle workflow'),
    getEnded: requests('`tasks/get` of an ended task'),
    getChanged: requests('`tasks/get` of a workflow that has just changed'),
    wait: requests('`tasks/result` that waits for another 65 s without a change, besides long polls'),
    actions: { title: 'Temporal Cloud actions of a short tool', unit: 'actions', better: 'lower' },
  },
  aims: [
    aim("task ≤ the limit's + 1", ({ ours, limit }) =>
      ours['task'] === undefined || limit['task'] === undefined ? undefined : ours['task'] <= limit['task'] + 1,
    ),
    atMost('getRunning', 1, ''),
    atMost('getIdle', 1, ''),
    atMost('getEnded', 1, ''),
    atMost('getChanged', 2, ''),
    atMost('wait', 0, ''),
    atMost('actions', 2, ''),
  ],
  async run(rig, { short }) {
    const times = short ? 3 : 20;
    const counted = await rig.countedTemporal();
    const { http } = await rig.ours({ workflows: true });
    const bare = await rig.bare();
    const mcp = await Mcp2025.begin(http);

    /** Returns the counts once they no longer change, or after a while: tasks that run send heartbeats. */
    const settled = async (): Promise<Counts> => {
      let before = await counted();
      for (let looks = 0; looks < LOOKS; looks++) {
        await delay(UPDATE);
        const after = await counted();
        if (requestsIn(added(before, after)) === 0) return after;
        before = after;
      }
      return before;
    };
    const countOf = async (run: () => Promise<unknown>): Promise<Counts> => {
      const before = await settled();
      await run();
      return added(before, await settled());
    };
    const each = async (run: () => Promise<unknown>): Promise<Counts> =>
      await countOf(async () => {
        for (let number = 0; number < times; number++) await run();
      });
    const tasksOf = async (contestant: Contestant): Promise<Values> => {
      await contestant.result(await contestant.submit('echo'));
      const called = await each(async () => await contestant.submit('echo'));
      const whole = await each(async () => await contestant.result(await contestant.submit('echo')));
      return {
        call: requestsIn(called) / times,
        task: requestsIn(whole) / times,
        longPolls: longPollsIn(whole) / times,
      };
    };
    /** Counts reads after one that has seen the task's first workflow task end: that one still queries it. */
    const readsOf = async (id: string): Promise<number> => {
      await settled();
      await mcp.get(id);
      return clientRequestsIn(await each(async () => await mcp.get(id))) / times;
    };

    // First, while no other task causes requests.
    const [ours, limit] = [await tasksOf(mcp), await tasksOf(bare)];
    const ended = await mcp.submit('echo_short');
    await mcp.result(ended);
    const actions = await actionsOf(bare, ended, await each(async () => await mcp.submit('echo_short')), times);

    const waiting = await mcp.submit('idle');
    const result = mcp.result(waiting);
    rig.own(async () => void (await result.catch(() => undefined)));
    const waited = await countOf(async () => {
      await Promise.race([result, delay(short ? 5_000 : WAIT)]);
    });
    await bare.client.workflow.getHandle(waiting).signal(FINISH);

    const changing = await mcp.submit('idle');
    await settled();
    await mcp.get(changing);
    const changed = await each(async () => {
      await bare.client.workflow.getHandle(changing).signal(SAY, 'more');
      await mcp.get(changing);
    });
    const [getEnded, getIdle] = [await readsOf(ended), await readsOf(await mcp.submit('idle'))];
    const getRunning = await readsOf(await mcp.submit('wait', { ms: HOUR }));
    return {
      ours: {
        ...ours,
        getRunning,
        getIdle,
        getEnded,
        // Without the signals.
        getChanged: clientRequestsIn(changed) / times - 1,
        wait: requestsIn(waited),
        actions,
      },
      limit,
      peers: {},
    };
  },
};
