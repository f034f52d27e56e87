/** `npm run conformance:docs [-- --results folder]`: writes docs/conformance.md. Exits with 1 if rules fail. @module */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { Result } from '../2025-11-25/suite/run.js';
import { rules } from '../2026-07-28/index.js';
import type { ScenarioResult } from '../official/verdict.js';
import { ownTest, VitestReport } from './own-tests.js';
import { page } from './page.js';
import { rowsOf2025, rowsOf2026 } from './rows.js';

const PAGE = resolve('docs/conformance.md');
const built = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const { results: given } = new Command('conformance:docs')
  .description('Writes docs/conformance.md from the results of both suites and of the tests that the rules name')
  .option(
    '--results <folder>',
    'a folder with earlier results: official.json and 2025-11-25.json, as --json of both suites writes them, and tests.json from vitest’s JSON reporter; runs whatever is missing',
  )
  .parse()
  .opts<{ results?: string }>();

/** Reads the results in `file`, running `command` to write them if missing. Only the results count, not the exit code. */
async function resultsOf(file: string, command: string, args: readonly string[]): Promise<unknown> {
  if (!existsSync(file)) {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    await once(child, 'exit');
    if (!existsSync(file)) throw new Error(`${command} ${args.join(' ')} wrote no results`);
  }
  return JSON.parse(await readFile(file, 'utf8'));
}

const dir = given ?? (await mkdtemp(join(tmpdir(), 'mcp-tasks-results-')));
try {
  const officialFile = join(dir, 'official.json');
  const official = (await resultsOf(officialFile, process.execPath, [
    built('../official/main.js'),
    '--json',
    officialFile,
  ])) as ScenarioResult[];
  const file2025 = join(dir, '2025-11-25.json');
  const suite2025 = [built('../2025-11-25/main.js'), '--token', 'ann', '--other-token', 'bob', '--json', file2025];
  const of2025 = rowsOf2025((await resultsOf(file2025, process.execPath, suite2025)) as Result[]);
  const ownFile = join(dir, 'tests.json');
  const testFiles = [...new Set(rules.flatMap(({ own = [] }) => own.map((reference) => ownTest(reference).file)))];
  const own = await resultsOf(ownFile, 'npx', [
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${ownFile}`,
    ...testFiles,
  ]);
  const of2026 = rowsOf2026(official, VitestReport.parse(own));

  await writeFile(PAGE, page({ official, of2026, of2025 }));
  process.stdout.write(`Wrote ${PAGE}\n`);
  const failed = [...of2026, ...of2025].filter(({ result }) => result === 'failed');
  for (const { id, sentence } of failed) process.stderr.write(`${id} fails: ${sentence}\n`);
  if (failed.length > 0) process.exitCode = 1;
} finally {
  if (given === undefined) await rm(dir, { recursive: true, force: true });
}
