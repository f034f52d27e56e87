/** `npm run conformance`: the official suite against the fixture. Exits with 0 if every check has passed. @module */
import { inspect } from 'node:util';
import { stopSignal } from '../../src/cli/stop-signal.js';
import { stderrLogger } from '../../src/local/log.js';
import { startFixture } from './fixture/start.js';
import { alwaysSkipped, scenarios } from './scenarios.js';
import { Suite } from './suite.js';
import { judge } from './verdict.js';

// Some tools are there to fail, and every task is told: of all that only errors are news here.
process.env['MCP_TASKS_LOG_LEVEL'] ??= 'error';

const stopping = new AbortController();
const { signal } = stopping;
void stopSignal().then(() => stopping.abort(new Error('stopped by a signal')));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const fixture = await startFixture({ port: 0, logger: stderrLogger(), signal });
  fixture.ended.catch((error: unknown) => stopping.abort(error));
  let passed = 0;
  let failed = 0;
  try {
    const suite = await Suite.fetch(signal);
    for (const scenario of scenarios) {
      const verdict = judge(await suite.run(scenario, fixture.url, signal), alwaysSkipped);
      const skipped = verdict.skipped > 0 ? `, ${verdict.skipped} skipped by the suite` : '';
      say(`${scenario.name} (${scenario.version}): ${verdict.passed} passed, ${verdict.failures.length} failed${skipped}`);
      for (const failure of verdict.failures) say(`  ${failure}`);
      passed += verdict.passed;
      failed += verdict.failures.length;
    }
  } finally {
    await fixture.stop();
  }
  say(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`The conformance suite could not be run: ${inspect(signal.aborted ? signal.reason : error)}\n`);
  process.exitCode = 1;
}
