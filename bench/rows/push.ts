/** How soon a change of a workflow reaches a client that has subscribed to the task. @module */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { atMostAbove } from '../harness/aims.js';
import { LIMIT, OURS } from '../harness/figures.js';
import { interleave } from '../harness/rounds.js';
import { milliseconds, type Row } from '../harness/row.js';
import { samples, spread } from '../harness/samples.js';
import type { Bare } from '../rig/bare.js';
import { changesOf } from '../rig/history.js';
import { Mcp2026 } from '../rig/mcp-2026.js';
import { SAY } from '../served/signals.js';

/** The longest pause between two changes, in milliseconds. */
const PAUSE = 300;

export const push: Row = {
  name: 'push',
  work: 'a signal changes a workflow’s status → `notifications/tasks` at the client',
  against: 'bare history long poll, until it returns the workflow task that the signal caused',
  measures: { p50: milliseconds('p50') },
  aims: [atMostAbove('p50', 10, 'ms')],
  async run(rig, { short }) {
    const { http } = await rig.ours({ workflows: true });
    const bare = await rig.bare();
    const mcp = new Mcp2026(http);
    const task = await mcp.submit('idle');
    const workflow = await bare.start('bareIdle');
    const heard = new Heard();
    const unsubscribe = await mcp.listen([task], (message) => heard.note(JSON.stringify(message)));
    rig.own(async () => await Promise.resolve(unsubscribe()));
    rig.own(changesOf(bare, workflow, () => heard.note('changed')));
    let said = 0;
    const measure = async (id: string, text: (word: string) => string) => {
      const taken = await samples(short ? 5 : 30, async () => {
        await delay(randomInt(PAUSE));
        const word = `status-${++said}`;
        return await heard.after(text(word), async () => await say(bare, id, word));
      });
      return { p50: spread(taken)['p50'] as number };
    };
    return await interleave(
      {
        [OURS]: async () => await measure(task, (word) => word),
        [LIMIT]: async () => await measure(workflow, () => 'changed'),
      },
      short ? 1 : 5,
    );
  },
};

async function say(bare: Bare, id: string, word: string): Promise<void> {
  await bare.client.workflow.getHandle(id).signal(SAY, word);
}

/** What has arrived, and when somebody waits for it. */
class Heard {
  #waiting: { readonly text: string; readonly done: () => void } | undefined;

  note(message: string): void {
    if (this.#waiting && message.includes(this.#waiting.text)) this.#waiting.done();
  }

  /** Returns the time from the beginning of `act` until a message with this text arrives, in milliseconds. */
  async after(text: string, act: () => Promise<void>): Promise<number> {
    const arrived = new Promise<number>((resolve) => {
      this.#waiting = { text, done: () => resolve(performance.now()) };
    });
    const from = performance.now();
    await act();
    return (await arrived) - from;
  }
}
