/** Downloads or builds a Temporal CLI if this machine has none yet. @module */
import { createRequire } from 'node:module';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../local/command.js';
import { environmentFor } from '../../local/environment.js';
import { CLI_VERSION, cachedExecutable } from './cache.js';

export interface SourceOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The script for the child process. The SDK downloads the CLI only in order to start it, and starting it permanently
 * installs the SDK's native runtime with its signal handlers. Do not do that to the author's process.
 */
const DOWNLOAD = `
const [testing, downloadDir, version] = process.argv.slice(1);
const { TestWorkflowEnvironment } = require(testing);
const executable = { type: 'cached-download', downloadDir, version };
TestWorkflowEnvironment.createLocal({ server: { executable } })
  .then((environment) => environment.teardown())
  .then(() => process.exit(0), (error) => { console.error(error.message); process.exit(1); });
`;

/** Makes the Temporal SDK download the CLI into `dir`. @returns the executable's path */
export async function downloadBySdk(dir: string, { env, log, signal }: SourceOptions): Promise<string> {
  const args = ['-e', DOWNLOAD, testingPackage(), dir, CLI_VERSION];
  const onProgress = (seconds: number) => log(`Temporal CLI: still downloading (${seconds} s)`);
  await runCommand(process.execPath, args, {
    cwd: dir,
    env: environmentFor('download', env),
    signal,
    timeout: 10 * 60_000,
    onProgress,
  });
  const [executable] = (await readdir(dir)).filter((name) => name.startsWith('temporal'));
  if (!executable) throw new Error('the SDK downloaded no executable');
  return join(dir, executable);
}

function testingPackage(): string {
  try {
    return createRequire(import.meta.url).resolve('@temporalio/testing');
  } catch {
    throw new Error('the package @temporalio/testing is not installed');
  }
}

/** Builds the CLI into `dir` with a Go toolchain. Takes minutes the first time. @returns the executable's path */
export async function buildByGo(dir: string, { env, log, signal }: SourceOptions): Promise<string> {
  const onProgress = (seconds: number) => log(`Temporal CLI: still building (${seconds} s)`);
  const args = ['install', `github.com/temporalio/cli/cmd/temporal@${CLI_VERSION}`];
  await runCommand('go', args, {
    cwd: dir,
    env: { ...environmentFor('go', env), GOBIN: dir },
    signal,
    timeout: 40 * 60_000,
    onProgress,
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error('no executable named go', { cause: error }) : error;
  });
  return cachedExecutable(dir);
}
