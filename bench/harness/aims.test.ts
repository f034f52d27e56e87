import { expect, it } from 'vitest';
import {
  aim,
  allMet,
  atLeastPeer,
  atMost,
  atMostAbove,
  atMostPeer,
  below,
  ratioAtLeast,
  ratioAtMost,
  type Aim,
} from './aims.js';
import type { Figures } from './figures.js';
import { resultOf } from './result.js';
import type { Row } from './row.js';

const figures: Figures = {
  ours: { p50: 14, rate: 50 },
  limit: { p50: 10, rate: 100 },
  peers: { redis: { p50: 15, rate: 25 } },
};
const nothing: Figures = { ours: {}, limit: {}, peers: {} };

it.each<[string, Aim, Aim, string]>([
  ['a ratio', ratioAtMost('p50', 1.4), ratioAtMost('p50', 1.39), "p50 ≤ 1.4 × the limit's"],
  ['a rate', ratioAtLeast('rate', 0.5), ratioAtLeast('rate', 0.51), "rate ≥ 0.5 × the limit's"],
  ['a difference', atMostAbove('p50', 4, 'ms'), atMostAbove('p50', 3.9, 'ms'), "p50 ≤ the limit's + 4 ms"],
  ['a value', atMost('p50', 14, 'ms'), atMost('p50', 13, 'ms'), 'p50 ≤ 14 ms'],
  ['a bound', below('p50', 14.1, 'ms'), below('p50', 14, 'ms'), 'p50 < 14.1 ms'],
  ['a peer’s time', atMostPeer('p50', 'redis'), atMostPeer('p50', 'redis', 0.9), "p50 ≤ redis's"],
  ['a peer’s rate', atLeastPeer('rate', 'redis', 2), atLeastPeer('rate', 'redis', 2.1), "rate ≥ 2 × redis's"],
])('judges %s', (_, met, missed, text) => {
  expect(met.met(figures)).toBe(true);
  expect(missed.met(figures)).toBe(false);
  expect(met.met(nothing)).toBeUndefined();
  expect(met.text).toBe(text);
});

const says = (met: boolean | undefined): Aim => aim(`${met}`, () => met);

it.each([
  { aims: [true, true], met: true },
  { aims: [true, undefined], met: undefined },
  { aims: [undefined, false, true], met: false },
])('sums $aims up to $met', ({ aims, met }) => {
  expect(allMet(aims.map(says), nothing)).toBe(met);
});

it('writes a row as JSON', () => {
  const row: Row = {
    name: 'submit',
    work: 'a call',
    against: 'bare',
    measures: {},
    aims: [ratioAtMost('p50', 1.4), atMostPeer('p50', 'missing')],
    run: async () => await Promise.resolve(figures),
  };
  const precise = { ...figures, limit: { p50: 10.00049, rate: 100 } };
  expect(JSON.parse(JSON.stringify(resultOf(row, 1, precise)))).toEqual({
    row: 1,
    name: 'submit',
    ours: { p50: 14, rate: 50 },
    limit: { p50: 10, rate: 100 },
    peers: { redis: { p50: 15, rate: 25 } },
    ratio: { p50: 1.4, rate: 0.5 },
    aim: "p50 ≤ 1.4 × the limit's; p50 ≤ missing's",
    met: null,
    aims: [
      { text: "p50 ≤ 1.4 × the limit's", met: true },
      { text: "p50 ≤ missing's", met: null },
    ],
  });
});
