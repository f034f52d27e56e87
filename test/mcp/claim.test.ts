/** When a claim is taken, renewed and released. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Claim } from '../../src/mcp/push/claim.js';
import type { ClaimAnswer } from '../../src/temporal/answer/respond.js';
import { silent } from '../helpers/stack.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ann = {};
const bea = {};
const HOUR = 60 * 60_000;

/** A claim, what it sends to the workflow, and how the workflow answers. */
function open() {
  const workflow = {
    sent: [] as string[],
    answer: async (): Promise<ClaimAnswer> => await Promise.resolve('granted' as const),
  };
  const engine = {
    async claim(_owner: string, _id: string, { session }: { session?: string }) {
      workflow.sent.push(`claim ${session ?? ''}`.trim());
      return await workflow.answer();
    },
    async release() {
      workflow.sent.push('release');
      await Promise.resolve();
    },
  };
  const options = { engine, logger: silent, owner: 'ann', taskId: 't', key: 'k', claimant: 'me' };
  return { workflow, claim: new Claim(options) };
}

it('is released if it is granted after it was given up', async () => {
  const { workflow, claim } = open();
  let grant = (_answer: ClaimAnswer): void => undefined;
  workflow.answer = async () => await new Promise((resolve) => (grant = resolve));
  const taken = claim.take(ann);
  await vi.advanceTimersByTimeAsync(0);
  claim.release(ann);
  grant('granted');
  expect(await taken).toBe('refused');
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(workflow.sent).toEqual(['claim', 'release']);
});

it('ends when its renewal is refused, and can be taken again later', async () => {
  const { workflow, claim } = open();
  expect(await claim.take(ann)).toBe('granted');
  workflow.answer = async () => await Promise.resolve('refused');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await claim.take(ann)).toBe('refused');
  workflow.answer = async () => await Promise.resolve('granted');
  expect(await claim.take(ann)).toBe('granted');
  expect(workflow.sent).toHaveLength(4);
});

it('is renewed for as long as somebody uses it, also after an outage, and less and less often', async () => {
  const { workflow, claim } = open();
  await claim.take(ann);
  workflow.answer = async () => await Promise.reject(new Error('away'));
  await vi.advanceTimersByTimeAsync(70_000);
  workflow.answer = async () => await Promise.resolve('granted');
  await vi.advanceTimersByTimeAsync(24 * HOUR);
  expect(workflow.sent.length).toBeLessThan(40);
  claim.release(ann);
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(workflow.sent.at(-1)).toBe('release');
});

it('is kept for whoever comes next, of the same session at no cost, and of a new one for one message', async () => {
  const { workflow, claim } = open();
  for (let times = 0; times < 100; times++) {
    const user = {};
    expect(await claim.take(user, 'one')).toBe('granted');
    claim.release(user);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await claim.take(user, 'two')).toBe('granted');
    claim.release(user);
  }
  // Renewals aside.
  expect(new Set(workflow.sent.slice(0, 2))).toEqual(new Set(['claim one', 'claim two']));
  expect(workflow.sent.filter((sent) => sent.endsWith('two'))).toHaveLength(1);
  expect(workflow.sent).not.toContain('release');
});

it('is kept longer each time, so that a client that always moves on uses few messages', async () => {
  const { workflow, claim } = open();
  for (let times = 0; times < 1_000; times++) {
    const user = {};
    await claim.take(user);
    await vi.advanceTimersByTimeAsync(30_000);
    claim.release(user);
    await vi.advanceTimersByTimeAsync(30_000);
  }
  expect(workflow.sent.length).toBeLessThan(100);
});

it('is not released while somebody else uses it', async () => {
  const { workflow, claim } = open();
  await claim.take(ann);
  await claim.take(bea);
  claim.release(ann);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(workflow.sent).toEqual(['claim']);
});

it('that is abandoned runs out, and nobody can take it before', async () => {
  const { workflow, claim } = open();
  await claim.take(ann);
  claim.abandon();
  claim.release(ann);
  expect(await claim.take(bea)).toBe('refused');
  await vi.advanceTimersByTimeAsync(120_000);
  expect(await claim.take(bea)).toBe('granted');
  expect(workflow.sent).toEqual(['claim', 'claim']);
});

it('is released at once when the process closes, unless it is abandoned', async () => {
  const { workflow, claim } = open();
  await claim.take(ann);
  await claim.close();
  expect(workflow.sent).toEqual(['claim', 'release']);
  await claim.take(ann);
  claim.abandon();
  await claim.close();
  expect(workflow.sent).toEqual(['claim', 'release', 'claim']);
});
