/** `npm run bench`: measures this package beside bare Temporal and other task servers. Asserts nothing. @module */
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { thisMachine } from './harness/machine.js';
import { resultOf, type RowResult } from './harness/result.js';
import { tableOf, verdicts } from './harness/table.js';
import { ROWS } from './registry.js';
import { findPeers } from './rig/peers.js';
import { Rig } from './rig/rig.js';

interface Options {
  readonly only?: readonly string[];
  readonly json?: string;
  readonly peers: boolean;
  readonly short: boolean;
  readonly closed: number;
}

const names = ROWS.map(({ name }) => name);
const { only, json, peers, short, closed } = new Command('bench')
  .description('Measures this package beside bare Temporal and, with --peers, beside other task servers')
  .option('--only <names>', `these rows only, by name or number, separated by commas: ${names.join(', ')}`, rowNames)
  .option('--json <file>', 'also writes the results to this file')
  .option('--peers', 'also measures the peers: the v1 SDK’s InMemoryTaskStore, and FastMCP on Redis', false)
  .option('--short', 'measures as little as shows that every row works', false)
  .option('--closed <n>', 'how many closed tasks the row "growth" grows to', whole, 10_000)
  .parse()
  .opts<Options>();

const log = (line: string): void => void process.stderr.write(`${line}\n`);
/** The servers of the row that is being measured. */
let rig: Rig | undefined;
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => {
    const end = (): never => process.exit(code);
    (rig?.stop() ?? Promise.resolve()).then(end, end);
  });

const started = peers ? await findPeers(log) : {};
const results: RowResult[] = [];
for (const [place, row] of ROWS.entries()) {
  const number = place + 1;
  if (only && !only.includes(row.name)) continue;
  log(`${number} ${row.name}: ${row.work}`);
  rig = new Rig(started);
  try {
    results.push(resultOf(row, number, await row.run(rig, { short, closed })));
  } finally {
    await rig.stop();
  }
  if (json !== undefined)
    await writeFile(json, `${JSON.stringify({ machine: thisMachine(), short, rows: results }, undefined, 2)}\n`);
}
process.stdout.write(`${tableOf(results, ROWS)}\n${verdicts(results)}\n`);

function rowNames(text: string): string[] {
  const given = text.split(',').map((name) => names[Number(name) - 1] ?? name);
  const unknown = given.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no row "${unknown}".`);
  return given;
}

function whole(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number <= 0) throw new InvalidArgumentError('Write a whole number above 0.');
  return number;
}
