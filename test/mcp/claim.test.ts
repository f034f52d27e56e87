/** A claim that is given up or refused while the workflow is being asked. */
import { afterEach, expect, it, vi } from 'vitest';
import { Claim } from '../../src/mcp/push/claim.js';
import type { ClaimAnswer, ClaimRequest } from '../../src/temporal/answer/respond.js';
import type { TaskEngine } from '../../src/temporal/namespaces.js';
import { silent } from '../helpers/stack.js';

afterEach(() => void vi.useRealTimers());

/** A claim whose workflow answers when and how the test says. */
function claimOn(answers: (request: ClaimRequest) => Promise<ClaimAnswer>) {
  const sent: number[] = [];
  const claim: TaskEngine['claim'] = async (_owner, _id, request) => {
    sent.push(request.ms);
    return await answers(request);
  };
  const engine = { claim } as TaskEngine;
  return { sent, claim: new Claim({ engine, logger: silent, owner: 'ann', taskId: 't', key: 'k', claimant: 'me' }) };
}

it('is released if it is granted after it was given up', async () => {
  let grant = (_answer: ClaimAnswer): void => undefined;
  const { claim, sent } = claimOn(async ({ ms }) =>
    ms === 0 ? 'granted' : await new Promise<ClaimAnswer>((resolve) => (grant = resolve)),
  );
  const taken = claim.take();
  await claim.release();
  grant('granted');
  expect(await taken).toBe('refused');
  expect(sent.map((ms) => ms > 0)).toEqual([true, false]);
});

it('ends when its renewal is refused, and can be taken again later', async () => {
  vi.useFakeTimers();
  let answer: ClaimAnswer = 'granted';
  const { claim, sent } = claimOn(async () => await Promise.resolve(answer));
  expect(await claim.take()).toBe('granted');
  answer = 'refused';
  await vi.advanceTimersByTimeAsync(120_000);
  expect(await claim.take()).toBe('refused');
  answer = 'granted';
  expect(await claim.take()).toBe('granted');
  expect(sent).toHaveLength(4);
  claim.leave();
});
