/** Downloads or builds a Temporal CLI if this machine has none yet. @module */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../local/command.js';
import { environmentFor } from '../../local/environment.js';
import { cachedExecutable } from './cache.js';

export interface SourceOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A file to download, and the SHA-256 hash that it must have. */
export interface Release {
  readonly url: string;
  readonly sha256: string;
}

/** Temporal's own archives, by platform: the newest release whose hash is known, and that hash. */
const ARCHIVES: Readonly<Record<string, readonly [version: string, sha256: string]>> = {
  linux_amd64: ['1.9.1', '09a0326a51db84d02735e53542b9ebd8c4758daf47482a9ab0abce15844e60d5'],
  linux_arm64: ['1.8.2', '83600a8fac6e3da54093e5da6918d399f501532b9f1172235603f9606f4ac6e4'],
  darwin_amd64: ['1.8.2', '489d7f5420cae02b559774ac23df035141954c33a51dba96f5759a0ddccdf1b6'],
  darwin_arm64: ['1.8.2', 'dacdc3587682c04cf27e67c8878ca2d755230b6ad63c0c6ebddd7348ae90ed94'],
};

/**
 * What Go builds. Later releases of the CLI replace a module by a folder of their repository, so nobody else can build
 * them. This one needs a newer SQLite driver than it asks for: with its own, a request that is cancelled at the wrong
 * moment makes every later one fail with `interrupted (9)`, until the server is restarted.
 */
const CLI = { module: 'github.com/temporalio/cli', version: '1.5.1' };
const DRIVER = { module: 'modernc.org/sqlite', version: '1.51.0' };
/** What `temporal --version` of that build contains. */
export const NEWER_DRIVER = '+sqlite';

/** The largest archive that is accepted, in bytes. The real ones have about 60 MB. */
const LARGEST_ARCHIVE = 300_000_000;

/** Returns Temporal's archive for this machine; `undefined` if there is no hash of it. */
export function releaseFor(platform: string = process.platform, arch: string = process.arch): Release | undefined {
  const name = `${platform}_${arch === 'x64' ? 'amd64' : arch}`;
  const archive = ARCHIVES[name];
  if (archive === undefined) return undefined;
  const [version, sha256] = archive;
  const file = `temporal_cli_${version}_${name}.tar.gz`;
  return { url: `https://github.com/temporalio/cli/releases/download/v${version}/${file}`, sha256 };
}

/**
 * The script of the child process that downloads. It is a process of its own because Node reads the settings of proxies
 * only at its start.
 */
const DOWNLOAD = `
const { createWriteStream } = require('node:fs');
const { Readable, Transform } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const [url, file, most] = process.argv.slice(1);
const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name.toUpperCase(), value]));
const [major, minor] = process.versions.node.split('.').map(Number);
if ((env.HTTPS_PROXY || env.ALL_PROXY) && !(major > 22 || (major === 22 && minor >= 21)))
  fail(new Error('Node ' + process.versions.node + ' cannot download through the proxy that is set; use 22.21 or later'));
let size = 0;
const bounded = new Transform({
  transform(chunk, _, done) {
    size += chunk.length;
    done(size > most ? new Error('the archive is too large') : null, chunk);
  },
});
fetch(url)
  .then((response) => {
    if (!response.ok) throw new Error(url + ' answered ' + response.status);
    return pipeline(Readable.fromWeb(response.body), bounded, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  })
  .then(() => process.exit(0), fail);
function fail(error) {
  console.error(error.cause ? error.message + ': ' + error.cause.message : error.message);
  process.exit(1);
}
`;

/**
 * Downloads the CLI into `dir`. Unpacks an archive only if it has the known hash.
 * @returns the executable's path
 * @throws Error if it cannot be downloaded, or has another hash
 */
export async function download(
  dir: string,
  { url, sha256 }: Release,
  { env, log, signal }: SourceOptions,
): Promise<string> {
  const archive = join(dir, 'archive.tar.gz');
  const onProgress = (seconds: number) => log(`Temporal CLI: still downloading (${seconds} s)`);
  await runCommand(process.execPath, ['-e', DOWNLOAD, url, archive, String(LARGEST_ARCHIVE)], {
    cwd: dir,
    env: { ...environmentFor('download', env), NODE_USE_ENV_PROXY: '1' },
    signal,
    timeout: 10 * 60_000,
    onProgress,
  });
  const found = createHash('sha256')
    .update(await readFile(archive))
    .digest('hex');
  if (found !== sha256)
    throw new Error(`${url} is not the published file: its SHA-256 is ${found}, but should be ${sha256}`);
  const executable = cachedExecutable(dir);
  await runCommand('tar', ['-xzf', archive, 'temporal'], {
    cwd: dir,
    env: environmentFor('run', env),
    signal,
    timeout: 120_000,
  });
  return executable;
}

/**
 * Builds the CLI into `dir` with a Go toolchain, which checks the sources against Go's checksum database. Takes minutes
 * the first time.
 * @returns the executable's path
 */
export async function buildByGo(dir: string, { env, log, signal }: SourceOptions): Promise<string> {
  const onProgress = (seconds: number) => log(`Temporal CLI: still building (${seconds} s)`);
  const required = [CLI, DRIVER].map(({ module, version }) => `require ${module} v${version}\n`);
  await writeFile(join(dir, 'go.mod'), `module temporal\n\ngo 1.25\n\n${required.join('')}`);
  const version = `${CLI.module}/temporalcli.Version=${CLI.version}${NEWER_DRIVER}.${DRIVER.version}`;
  // `-mod=mod` completes go.mod with what these require.
  const options = ['-mod=mod', '-ldflags', `-X ${version}`, '-o', cachedExecutable(dir)];
  const args = ['build', ...options, `${CLI.module}/cmd/temporal`];
  await runCommand('go', args, {
    cwd: dir,
    env: { ...environmentFor('go', env), GOWORK: 'off' },
    signal,
    timeout: 40 * 60_000,
    onProgress,
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error('no executable named go', { cause: error }) : error;
  });
  return cachedExecutable(dir);
}
