/** `npm run bench:docs -- --results FILE`: writes docs/performance.md and its plots from a run's results. @module */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { format, resolveConfig } from 'prettier';
import { ROWS } from '../registry.js';
import { groupsOf, pageOf, sectionsOf, type Results } from './page.js';
import { plotOf } from './plot.js';

const PAGE = resolve('docs/performance.md');
const PLOTS = 'performance';

const { results: file } = new Command('bench:docs')
  .description('Writes docs/performance.md and its plots from the results of `npm run bench -- --peers --json FILE`')
  .requiredOption('--results <file>', 'what --json has written')
  .parse()
  .opts<{ results: string }>();

const results = JSON.parse(await readFile(file, 'utf8')) as Results;
if (results.short) throw new Error(`${file} is from a run with --short, whose figures say nothing`);
const sections = sectionsOf(await readFile(resolve('bench/docs/notes.md'), 'utf8'));

const plots = resolve('docs', PLOTS);
await rm(plots, { recursive: true, force: true });
await mkdir(plots, { recursive: true });
for (const result of results.rows) {
  const row = ROWS.find(({ name }) => name === result.name);
  const groups = row ? groupsOf(row, result) : [];
  if (row && groups.length > 0) await writeFile(join(plots, `${row.name}.svg`), plotOf(row.work, groups));
}
const page = pageOf(results, ROWS, sections, (name) => `${PLOTS}/${name}.svg`);
await writeFile(PAGE, await format(page, { ...(await resolveConfig(PAGE)), filepath: PAGE }));
process.stdout.write(`Wrote ${PAGE}\n`);
