/** A claim that is given up or refused while the workflow is being asked. */
import { afterEach, expect, it, vi } from 'vitest';
import { Claim } from '../../src/mcp/push/claim.js';
import type { ClaimRequest } from '../../src/temporal/answer/respond.js';
import type { TaskEngine } from '../../src/temporal/namespaces.js';
import { silent } from '../helpers/stack.js';

afterEach(() => void vi.useRealTimers());

/** A claim whose workflow answers when and how the test says. */
function claimOn(answers: (request: ClaimRequest) => Promise<boolean>) {
  const sent: number[] = [];
  const claim: TaskEngine['claim'] = async (_owner, _id, request) => {
    sent.push(request.ms);
    return await answers(request);
  };
  const engine = { claim } as TaskEngine;
  return { sent, claim: new Claim({ engine, logger: silent, owner: 'ann', taskId: 't', key: 'k', claimant: 'me' }) };
}

it('is released if it is granted after it was given up', async () => {
  let grant = (_granted: boolean): void => undefined;
  const { claim, sent } = claimOn(async ({ ms }) =>
    ms === 0 ? true : await new Promise<boolean>((resolve) => (grant = resolve)),
  );
  const taken = claim.take();
  await claim.release();
  grant(true);
  expect(await taken).toBe(false);
  expect(sent.map((ms) => ms > 0)).toEqual([true, false]);
});

it('ends when its renewal is refused, and can be taken again later', async () => {
  vi.useFakeTimers();
  let granted = true;
  const { claim, sent } = claimOn(async () => await Promise.resolve(granted));
  expect(await claim.take()).toBe(true);
  granted = false;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(await claim.take()).toBe(false);
  granted = true;
  expect(await claim.take()).toBe(true);
  expect(sent).toHaveLength(4);
  claim.leave();
});
