/** Runs the official conformance suite as a program against a server's URL. @module */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scenariosIn, type Scenario } from './scenarios.js';
import { Checks } from './verdict.js';

const execute = promisify(execFile);

const PACKAGE = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
/** The Node version that the suite needs. This package does not need it. */
const NODE = 'node@22';

/** How long npm may take to fetch the suite, in milliseconds. */
const FETCH_TIMEOUT = 5 * 60_000;
/**
 * How long one scenario may take, in milliseconds. The suite's own limit is lower, so that it can report what it was
 * waiting for.
 */
const RUN_TIMEOUT = 3 * 60_000;
const SCENARIO_TIMEOUT = 2 * 60_000;

export class Suite {
  private constructor(private readonly path: string) {}

  /** Lets npm fetch the suite and its Node version, once for all scenarios. */
  static async fetch(signal: AbortSignal): Promise<Suite> {
    const args = ['--yes', `--package=${NODE}`, `--package=${PACKAGE}`, '-c', 'node -p process.env.PATH'];
    const { stdout } = await execute('npx', args, { timeout: FETCH_TIMEOUT, signal });
    return new Suite(stdout.trim());
  }

  /** Returns all server scenarios of the suite, for each version that they apply to. */
  async scenarios(signal: AbortSignal): Promise<readonly Scenario[]> {
    const env = { ...process.env, PATH: this.path };
    const { stdout } = await execute('conformance', ['list', '--server'], { env, timeout: RUN_TIMEOUT, signal });
    return scenariosIn(stdout);
  }

  /**
   * Runs a scenario against the server at `url` and returns its checks. Returns none if the suite wrote no results; its
   * output then goes to stderr.
   */
  async run({ name, version }: Scenario, url: string, signal: AbortSignal): Promise<Checks> {
    const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-conformance-'));
    try {
      // Without --force, the suite silently skips scenarios that it does not list for a version.
      const what = ['server', '--url', url, '--scenario', name, '--spec-version', version, '--force'];
      const args = [...what, '--timeout', String(SCENARIO_TIMEOUT), '--output-dir', dir];
      const options = { env: { ...process.env, PATH: this.path }, timeout: RUN_TIMEOUT, signal };
      // Ignore the exit code and use the results: it is 0 even if nothing was checked.
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

/** Reads all checks below `dir`, where the suite creates one folder per scenario under a name of its choice. */
async function results(dir: string): Promise<Checks> {
  const folders = await readdir(dir);
  const files = await Promise.all(
    folders.map(async (folder) => await readFile(join(dir, folder, 'checks.json'), 'utf8').catch(() => '[]')),
  );
  return files.flatMap((file) => Checks.parse(JSON.parse(file)));
}
