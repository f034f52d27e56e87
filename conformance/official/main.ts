/**
 * `npm run conformance [-- --json file]`: runs the official suite against the fixture. Exits with 0 if every check
 * passes, otherwise with 1.
 * @module
 */
import { writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { Command } from 'commander';
import { withFixture } from '../fixture/with.js';
import { alwaysSkipped, scenarios } from './scenarios.js';
import { Suite } from './suite.js';
import { judge, type ScenarioResult } from './verdict.js';

const { json } = new Command('conformance')
  .description('Runs the official conformance suite against the fixture')
  .option('--json <file>', 'write the checks of every scenario to this file')
  .parse()
  .opts<{ json?: string }>();
const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const results = await withFixture(async (url, signal) => {
    const suite = await Suite.fetch(signal);
    const ran: ScenarioResult[] = [];
    for (const scenario of scenarios) {
      const checks = await suite.run(scenario, url, signal);
      const verdict = judge(checks, alwaysSkipped);
      const skipped = verdict.skipped > 0 ? `, ${verdict.skipped} skipped by the suite` : '';
      say(
        `${scenario.name} (${scenario.version}): ${verdict.passed} passed, ${verdict.failures.length} failed${skipped}`,
      );
      for (const failure of verdict.failures) say(`  ${failure}`);
      ran.push({ ...scenario, checks, verdict });
    }
    return ran;
  });
  if (json !== undefined) await writeFile(json, `${JSON.stringify(results, undefined, 2)}\n`);
  const failed = results.flatMap(({ verdict }) => verdict.failures).length;
  say(`${results.reduce((sum, { verdict }) => sum + verdict.passed, 0)} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`The conformance suite could not be run: ${inspect(error)}\n`);
  process.exitCode = 1;
}
