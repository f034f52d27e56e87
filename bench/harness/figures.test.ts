import { expect, it } from 'vitest';
import { figuresOf, mediansOf, ratiosOf } from './figures.js';
import { interleave } from './rounds.js';
import { median, quantile } from './statistics.js';

it('takes the middle of an odd and of an even number of values', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

it('interpolates quantiles between neighbors', () => {
  const values = [0, 10, 20, 30, 40];
  expect([0, 0.1, 0.95, 1].map((share) => quantile(values, share))).toEqual([0, 4, 38, 40]);
});

it('has no median of nothing', () => {
  expect(() => median([])).toThrow(RangeError);
});

it('leaves the values as they are', () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

it('takes the median of each measure over the rounds that have it', () => {
  expect(mediansOf([{ p50: 1, rate: 7 }, { p50: 2 }, { p50: 9 }])).toEqual({ p50: 2, rate: 7 });
});

it('sorts contestants into ours, limit and peers', () => {
  expect(figuresOf({ ours: [{ p50: 2 }], limit: [{ p50: 1 }], other: [{ p50: 3 }] })).toEqual({
    ours: { p50: 2 },
    limit: { p50: 1 },
    peers: { other: { p50: 3 } },
  });
});

it('compares what both sides have', () => {
  const figures = { ours: { p50: 3, own: 1, none: 1 }, limit: { p50: 2, other: 1, none: 0 }, peers: {} };
  expect(ratiosOf(figures)).toEqual({ p50: 1.5 });
});

it('warms up, then lets contestants take turns, each first in turn', async () => {
  const turns: string[] = [];
  const contestant = (name: string) => async (round: number) => {
    turns.push(`${name}${round}`);
    return await Promise.resolve({ p50: round === 0 ? 1_000 : round });
  };
  const figures = await interleave({ ours: contestant('a'), limit: contestant('b') }, 3);
  expect(turns).toEqual(['a0', 'b0', 'a1', 'b1', 'b2', 'a2', 'a3', 'b3']);
  expect(figures).toEqual({ ours: { p50: 2 }, limit: { p50: 2 }, peers: {} });
});

it('does not warm up for a single round', async () => {
  const rounds: number[] = [];
  await interleave({ ours: async (round) => await Promise.resolve({ p50: rounds.push(round) }) }, 1);
  expect(rounds).toEqual([1]);
});
