/** The conformance suite for tasks of protocol 2025-11-25, from the command line. @module */
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { rules } from './rules/index.js';
import { Context } from './suite/context.js';
import { runAll, type Result } from './suite/run.js';

interface Options {
  readonly url: string;
  readonly token?: string;
  readonly otherToken?: string;
  readonly json?: string;
}

const options = new Command('conformance:2025')
  .description('Tests an MCP server’s tasks against protocol 2025-11-25. Its tools have to be those of test/conformance-2025-11-25/README.md.')
  .requiredOption('--url <url>', 'the MCP endpoint, such as http://127.0.0.1:3000/mcp')
  .option('--token <token>', 'the access token of one requestor')
  .option('--other-token <token>', 'the access token of another one')
  .option('--json <file>', 'write the result of every rule to this file')
  .parse()
  .opts<Options>();

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const MARKS = { passed: '✓', failed: '✗', skipped: '-', 'not testable': ' ' };

if (!URL.canParse(options.url)) {
  process.stderr.write(`--url ${options.url} is no URL: give the MCP endpoint, such as http://127.0.0.1:3000/mcp\n`);
  process.exit(2);
}
const target = { url: new URL(options.url), token: options.token, otherToken: options.otherToken };
// Otherwise every test would say the same.
const first = new Context(target);
try {
  await first.connect();
} catch (error) {
  process.stderr.write(`${options.url} cannot be tested: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
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
say(`${rules.length} rules, of which ${untested} cannot be tested on a server and ${rules.length - untested - run.length} restate another`);
const skipped = count('skipped');
say(`${count('passed')} passed, ${count('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = count('failed') > 0 ? 1 : 0;
