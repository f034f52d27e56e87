/** The official conformance suite, as a program that tests a server's URL. @module */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Scenario } from './scenarios.js';
import { Checks } from './verdict.js';

const execute = promisify(execFile);

const PACKAGE = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
/** The suite needs it; this package does not. */
const NODE = 'node@22';

/** How long npm may take to fetch the suite, in milliseconds. */
const FETCH_TIMEOUT = 5 * 60_000;
/** How long one scenario may take, in milliseconds. The suite's own limit is lower, so that it can say what it waited for. */
const RUN_TIMEOUT = 3 * 60_000;
const SCENARIO_TIMEOUT = 2 * 60_000;

export class Suite {
  private constructor(private readonly path: string) {}

  /** Has npm fetch the suite and its Node, once for all scenarios. */
  static async fetch(signal: AbortSignal): Promise<Suite> {
    const args = ['--yes', `--package=${NODE}`, `--package=${PACKAGE}`, '-c', 'node -p process.env.PATH'];
    const { stdout } = await execute('npx', args, { timeout: FETCH_TIMEOUT, signal });
    return new Suite(stdout.trim());
  }

  /** The checks of a scenario, run against the server at `url`. None if the suite left no results; it has said why on stderr. */
  async run({ name, version }: Scenario, url: string, signal: AbortSignal): Promise<Checks> {
    const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-conformance-'));
    try {
      // Without --force the suite skips, silently, what it does not count among a version's scenarios.
      const what = ['server', '--url', url, '--scenario', name, '--spec-version', version, '--force'];
      const args = [...what, '--timeout', String(SCENARIO_TIMEOUT), '--output-dir', dir];
      const options = { env: { ...process.env, PATH: this.path }, timeout: RUN_TIMEOUT, signal };
      // Its exit code says less than its results: it is 0 where nothing was checked.
      const said: Output = await execute('conformance', args, options).catch((error: Output) => error);
      signal.throwIfAborted();
      const checks = await results(dir);
      if (checks.length === 0) process.stderr.write(`${said.stdout ?? ''}${said.stderr ?? ''}`);
      return checks;
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
}

interface Output {
  readonly stdout?: string;
  readonly stderr?: string;
}

/** The suite makes a folder for each scenario it runs, with a name of its own. */
async function results(dir: string): Promise<Checks> {
  const folders = await readdir(dir);
  const files = await Promise.all(
    folders.map(async (folder) => await readFile(join(dir, folder, 'checks.json'), 'utf8').catch(() => '[]')),
  );
  return files.flatMap((file) => Checks.parse(JSON.parse(file)));
}
