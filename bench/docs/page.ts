/** docs/performance.md, from the results of a run and the text of notes.md. Pure. @module */
import type { Machine } from '../harness/machine.js';
import type { RowResult } from '../harness/result.js';
import type { Row } from '../harness/row.js';
import { formatted } from '../harness/format.js';
import type { Group } from './plot.js';

/** What `npm run bench -- --json` writes. */
export interface Results {
  readonly machine: Machine;
  readonly short: boolean;
  readonly rows: readonly RowResult[];
}

/** Splits notes into sections by their `## ` headings. */
export function sectionsOf(notes: string): ReadonlyMap<string, string> {
  return new Map(
    notes
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const end = section.indexOf('\n');
        return [section.slice(0, end).trim(), section.slice(end).trim()];
      }),
  );
}

/**
 * @param plot the address of a row's plot, as seen from the page
 */
export function pageOf(
  { machine, rows: results }: Results,
  rows: readonly Row[],
  sections: ReadonlyMap<string, string>,
  plot: (name: string) => string,
): string {
  const { processor, cores, memory, system, node } = machine;
  const measured = results.flatMap((result) => {
    const row = rows.find(({ name }) => name === result.name);
    return row ? [{ row, result }] : [];
  });
  return `# Performance

<!-- Written by \`npm run bench:docs\`. To change the text, edit bench/docs/notes.md. -->

${sections.get('introduction') ?? ''}

Measured with ${node} on ${system}: ${processor}, ${cores} cores, ${memory} GiB of memory. Everything ran on this machine: Temporal, the measured processes and the clients.

| # | work | compared with | targets |
| --- | --- | --- | --- |
${measured.map(({ row, result }) => `| ${result.row} | [${row.work}](#${result.row}-${row.name}) | ${row.against} | ${verdict(result)} |`).join('\n')}

${measured.map(({ row, result }) => sectionOf(row, result, sections.get(row.name), plot(row.name))).join('\n\n')}
`;
}

/** Returns the bars of a row: one group for each measure that is compared with something. */
export function groupsOf(row: Row, { ours, limit, peers }: RowResult): Group[] {
  return Object.entries(row.measures).flatMap(([measure, { title, unit }]) => {
    const bars = [
      ['ours', ours[measure]] as const,
      ['limit', limit[measure]] as const,
      ...Object.entries(peers).map(([name, values]) => [name, values[measure]] as const),
    ].flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
    return bars.length < 2 ? [] : [{ title, unit, bars }];
  });
}

function sectionOf(row: Row, result: RowResult, notes: string | undefined, plot: string): string {
  const peers = Object.keys(result.peers);
  const head = ['', 'ours', 'limit', 'ours / limit', ...peers];
  const lines = Object.entries(row.measures)
    .filter(([measure]) => result.ours[measure] !== undefined)
    .map(([measure, { title, unit }]) => [
      title,
      formatted(result.ours[measure], unit),
      formatted(result.limit[measure], unit),
      formatted(result.ratio[measure]),
      ...peers.map((peer) => formatted(result.peers[peer]?.[measure], unit)),
    ]);
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const targets = result.aims.map(({ text, met }) => `- ${text}: ${said(met)}`).join('\n');
  const hasPlot = groupsOf(row, result).length > 0;
  return [
    `## ${result.row} ${row.name}`,
    `${row.work}. Compared with: ${row.against}.`,
    table,
    ...(hasPlot ? [`![${row.name}: ours beside the limit${peers.length > 0 ? ' and peers' : ''}](${plot})`] : []),
    ...(targets === '' ? [] : [targets]),
    ...(notes === undefined ? [] : [notes]),
  ].join('\n\n');
}

function verdict({ aims }: RowResult): string {
  if (aims.length === 0) return '';
  const count = (wanted: boolean | null): number => aims.filter(({ met }) => met === wanted).length;
  const missing = count(null) > 0 ? `, ${count(null)} not measured` : '';
  return `${count(true)} of ${aims.length} met${missing}`;
}

function said(met: boolean | null): string {
  if (met === null) return 'not measured';
  return met ? 'met' : '**missed**';
}
