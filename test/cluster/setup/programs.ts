/** Builds the third-party and Go programs of the cluster and keeps them in the user's cache. @module */
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../../src/local/command.js';
import { cacheDir } from '../../../src/temporal/dev-server/cache.js';

/** What the user has to install for each command. */
const NEEDED: Readonly<Record<string, string>> = { go: 'Go 1.25 or later', python3: 'Python 3.10 or later' };

export type Log = (line: string) => void;

export const sources = fileURLToPath(new URL('..', import.meta.url));
export const cache = join(dirname(cacheDir()), 'cluster');
/** Maximum time for all builds, in milliseconds. The first one downloads and compiles some 300 modules. */
const LONGEST = 25 * 60_000;
const deadline = Date.now() + LONGEST;
/** Returns how much of it is left, in milliseconds. */
const timeLeft = (): number => Math.max(1, deadline - Date.now());

/** Third-party programs, run unmodified. tools/go.mod pins their versions. */
const PUBLISHED = {
  ui: 'github.com/temporalio/ui-server/v2/cmd/server',
  compose: 'github.com/compose-spec/compose-go/v2/cmd',
} as const;

/** Builds a Go module of test/cluster, in seconds if Go's cache is up to date. @returns the path of the executable */
export async function buildGo(module: 'server' | 'go', log: Log): Promise<string> {
  return await build(module, module, module === 'server' ? [...serverVersion(), '.'] : ['.'], log);
}

/** Temporal 1.32 is built from go-1.32.mod, with its own way of loading the configuration. */
function serverVersion(): string[] {
  const version = process.env['MCP_TASKS_CLUSTER_TEMPORAL'];
  if (version === undefined) return [];
  if (version !== '1.32')
    throw new Error(`MCP_TASKS_CLUSTER_TEMPORAL is "${version}"; set it to 1.32, or unset it to use 1.29`);
  return ['-modfile=go-1.32.mod', '-tags=temporal132'];
}

/** Builds a third-party program that is published as a Go module. @returns the path of the executable */
export async function buildPublished(name: keyof typeof PUBLISHED, log: Log): Promise<string> {
  return await build(name, 'tools', [PUBLISHED[name]], log);
}

async function build(name: string, module: string, what: readonly string[], log: Log): Promise<string> {
  const executable = join(cache, `go-${name}`);
  await run(
    `building ${name} (Go)`,
    ['go', 'build', '-buildvcs=false', '-o', executable, ...what],
    join(sources, module),
    log,
  );
  return executable;
}

/** Runs a command, given as file and arguments, to completion and logs how long it took. */
export async function run(what: string, [file, ...args]: [string, ...string[]], cwd: string, log: Log): Promise<void> {
  const start = Date.now();
  const onProgress = (seconds: number): void => log(`cluster: still ${what} (${seconds} s)`);
  await runCommand(file, args, { cwd, env: process.env, timeout: timeLeft(), onProgress }).catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT'
        ? new Error(`The test cluster needs ${NEEDED[file] ?? file}, which is not on PATH`, { cause: error })
        : error;
    },
  );
  log(`cluster: ${what} took ${Math.round((Date.now() - start) / 1000)} s`);
}

export async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
