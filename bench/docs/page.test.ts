import { expect, it } from 'vitest';
import type { Row } from '../harness/row.js';
import { milliseconds } from '../harness/row.js';
import { groupsOf, pageOf, sectionsOf, type Results } from './page.js';
import { plotOf } from './plot.js';

const row: Row = {
  name: 'submit',
  work: '`tools/call` → handle',
  against: 'bare start',
  measures: { p50: milliseconds('p50'), alone: milliseconds('without a limit') },
  aims: [],
  run: async () => await Promise.reject(new Error('not here')),
};
const results: Results = {
  machine: { processor: 'CPU', cores: 2, memory: 8, system: 'Linux', node: 'v20' },
  short: false,
  rows: [
    {
      row: 1,
      name: 'submit',
      ours: { p50: 1_234.5, alone: 3 },
      limit: { p50: 10 },
      peers: { redis: { p50: 11 } },
      ratio: { p50: 1.2 },
      aim: 'p50 ≤ 1.4',
      met: true,
      aims: [
        { text: 'p50 ≤ 1.4', met: true },
        { text: 'p50 ≤ redis', met: false },
        { text: 'p50 ≤ other', met: null },
      ],
    },
  ],
};
const sections = sectionsOf('# Notes\n\n## introduction\n\nHow.\n\n## submit\n\nWhy.\n');

it('shows each row with its table, plot, targets and notes', () => {
  const page = pageOf(results, [row], sections, (name) => `plots/${name}.svg`);
  expect(page).toContain('How.\n\nMeasured with v20 on Linux: CPU, 2 cores, 8 GiB of memory.');
  expect(page).toContain('| 1 | [`tools/call` → handle](#1-submit) | bare start | 1 of 3 met, 1 not measured |');
  expect(page).toContain(`## 1 submit

\`tools/call\` → handle. Compared with: bare start.

|  | ours | limit | ours / limit | redis |
| --- | --- | --- | --- | --- |
| p50 | 1,230 ms | 10 ms | 1.2 | 11 ms |
| without a limit | 3 ms |  |  |  |

![submit: ours beside the limit and peers](plots/submit.svg)

- p50 ≤ 1.4: met
- p50 ≤ redis: **missed**
- p50 ≤ other: not measured

Why.`);
});

it('plots what is compared with something', () => {
  expect(groupsOf(row, results.rows[0]!)).toEqual([
    {
      title: 'p50',
      unit: 'ms',
      bars: [
        { name: 'ours', value: 1_234.5 },
        { name: 'limit', value: 10 },
        { name: 'redis', value: 11 },
      ],
    },
  ]);
});

it('draws the longest bar at full length, and escapes names', () => {
  const group = {
    title: 'a < b',
    unit: 'ms',
    bars: [
      { name: 'ours', value: 5 },
      { name: 'x & y', value: 10 },
    ],
  };
  const svg = plotOf('title', [group]);
  expect(svg).toContain('a &lt; b');
  expect(svg).toContain('x &amp; y');
  const widths = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths[1]).toBe(2 * (widths[0] as number));
});
