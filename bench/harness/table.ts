/** The table on stdout. @module */
import Table from 'cli-table3';
import { formatted } from './format.js';
import type { RowResult } from './result.js';
import type { Row } from './row.js';

export function tableOf(results: readonly RowResult[], rows: readonly Row[]): string {
  const table = new Table({
    head: ['#', 'row', 'measure', 'ours', 'limit', 'ratio', 'peers'],
    style: { head: [], border: [] },
  });
  for (const { row, name, ours, limit, ratio, peers } of results)
    for (const [measure, { title, unit }] of Object.entries(rows[row - 1]?.measures ?? {})) {
      const others = Object.entries(peers)
        .filter(([, values]) => values[measure] !== undefined)
        .map(([peer, values]) => `${peer} ${formatted(values[measure], unit)}`);
      table.push([
        row,
        name,
        title,
        formatted(ours[measure], unit),
        formatted(limit[measure], unit),
        formatted(ratio[measure]),
        others.join('\n'),
      ]);
    }
  return table.toString();
}

/** Says which targets are met. */
export function verdicts(results: readonly RowResult[]): string {
  const says = { true: 'met', false: 'MISSED', null: 'not measured' };
  return results
    .flatMap(({ row, name, aims }) => aims.map(({ text, met }) => `${row} ${name}: ${text}: ${says[`${met}`]}`))
    .join('\n');
}
