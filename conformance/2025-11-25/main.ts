/** The command line of the conformance suite for tasks of protocol 2025-11-25. @module */
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { rules } from './rules/index.js';
import { Context } from './suite/context.js';
import { runAll, type Result } from './suite/run.js';

interface Options {
  readonly url?: string;
  readonly token?: string;
  readonly otherToken?: string;
  readonly json?: string;
}

const options = new Command('conformance:2025')
  .description(
    'Tests an MCP server’s tasks against protocol 2025-11-25. The server must offer the tools that conformance/2025-11-25/README.md lists.',
  )
  .option(
    '--url <url>',
    'the MCP endpoint, such as http://127.0.0.1:3000/mcp (default: starts the fixture of this repository, which accepts any token)',
  )
  .option('--token <token>', 'the access token of one requestor')
  .option('--other-token <token>', 'the access token of another one')
  .option('--json <file>', 'write the result of every rule to this file')
  .parse()
  .opts<Options>();

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const MARKS = { passed: '✓', failed: '✗', skipped: '-', 'not testable': ' ' };

/** Exits with 2 because the suite could not start or finish. */
function giveUp(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs the suite against a server. @returns how many tests failed */
async function test(url: string): Promise<number> {
  const target = { url: new URL(url), token: options.token, otherToken: options.otherToken };
  // Connect once first, because otherwise every test would report the same failure.
  const first = new Context(target);
  try {
    await first.connect();
  } finally {
    await first.close();
  }
  const run: Result[] = [];
  const results = await runAll(target, (result) => {
    run.push(result);
    say(`${MARKS[result.status]} ${result.id}: ${result.sentence}${result.message && `\n    ${result.message}`}`);
  });
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, undefined, 2)}\n`);

  const count = (status: Result['status']): number => run.filter((result) => result.status === status).length;
  const untested = results.filter(({ status }) => status === 'not testable').length;
  say(
    `${rules.length} rules, of which ${untested} cannot be tested on a server and ${rules.length - untested - run.length} restate another`,
  );
  const skipped = count('skipped');
  say(`${count('passed')} passed, ${count('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return count('failed');
}

const { url } = options;
if (url !== undefined && !URL.canParse(url))
  giveUp(`--url ${url} is not a URL: pass the MCP endpoint, such as http://127.0.0.1:3000/mcp`);
try {
  // Load the fixture only if it is needed, because it loads Temporal.
  const failed = url === undefined ? await (await import('../fixture/with.js')).withFixture(test) : await test(url);
  process.exitCode = failed > 0 ? 1 : 0;
} catch (error) {
  giveUp(`${url ?? 'The fixture'} cannot be tested: ${reasonOf(error)}`);
}
