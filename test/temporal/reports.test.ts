/** The answers to queries that take longer than the reads that sent them. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Reports } from '../../src/temporal/read/reports.js';
import { within, type Calls } from '../../src/temporal/rpc/calls.js';

it('says that an answer came late, even if it came before anyone asked', async () => {
  const answer = { version: 1, changedAt: 1, message: 'ready', inputs: {} };
  let respond = (): void => {};
  const responded = new Promise<unknown>((resolve) => (respond = () => resolve(answer)));
  const calls = {
    client: { workflow: { getHandle: () => ({ query: async () => await responded }) } },
    once: async (until: number, run: () => Promise<unknown>) =>
      await Promise.race([
        run(),
        delay(Math.max(0, until - Date.now()), undefined, { ref: false }).then(() => {
          throw new Error('late');
        }),
      ]),
  };
  const reports = new Reports(calls as unknown as Calls);
  const description = { workflowId: 'w', runId: 'r', historyLength: 5 } as never;
  const first = await reports.get(description, undefined, within(20));
  expect(first.report).toBeUndefined();
  respond();
  await responded;
  await expect(first.late).resolves.toBeUndefined();
  expect(await reports.get(description, undefined, within(20))).toMatchObject({ report: answer, late: undefined });
});
