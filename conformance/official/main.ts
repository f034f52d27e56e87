/**
 * `npm run conformance [-- --json file]`: runs all server scenarios of the official suite against the fixture. Exits
 * with 0 if every check passes or is one of the listed exceptions, otherwise with 1.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { Command } from 'commander';
import { withFixture } from '../fixture/with.js';
import { exceptionsIn } from './exceptions.js';
import { Suite } from './suite.js';
import { judge, unused, type ScenarioResult } from './verdict.js';

const { json } = new Command('conformance')
  .description('Runs the official conformance suite against the fixture')
  .option('--json <file>', 'write the checks of every scenario to this file')
  .parse()
  .opts<{ json?: string }>();
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** How many scenarios run at once. Each is a separate process that mostly waits for the server. */
const AT_ONCE = 3;

try {
  const exceptions = exceptionsIn(await readFile('conformance/official/expected-failures.yml', 'utf8'));
  const results = await withFixture(async (url, signal) => {
    const suite = await Suite.fetch(signal);
    const scenarios = await suite.scenarios(signal);
    return await inParallel(scenarios, AT_ONCE, async (scenario): Promise<ScenarioResult> => {
      const checks = await suite.run(scenario, url, signal);
      const verdict = judge(scenario, checks, exceptions);
      const excused = verdict.exceptions.length > 0 ? `, ${verdict.exceptions.length} exceptions` : '';
      say(
        [
          `${scenario.name} (${scenario.version}): ${verdict.passed} passed, ${verdict.failures.length} failed${excused}`,
          ...verdict.failures,
        ].join('\n  '),
      );
      return { ...scenario, checks, verdict };
    });
  });
  if (json !== undefined) await writeFile(json, `${JSON.stringify(results, undefined, 2)}\n`);
  const stale = unused(exceptions, results);
  for (const { scenario, check } of stale)
    say(`${scenario}${check === undefined ? '' : `:${check}`} passes: remove it from expected-failures.yml`);
  const passed = results.reduce((sum, { verdict }) => sum + verdict.passed, 0);
  const failed = results.flatMap(({ verdict }) => verdict.failures).length;
  say(`${results.length} runs: ${passed} checks passed, ${failed} failed`);
  if (failed + stale.length > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`The conformance suite could not be run: ${inspect(error)}\n`);
  process.exitCode = 1;
}

/** Runs `work` for all items, `most` at once, and returns the results in the items' order. */
async function inParallel<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: most }, worker));
  return results;
}
