/** Downloads or builds a Temporal CLI if this machine has none yet. @module */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../local/command.js';
import { environmentFor } from '../../local/environment.js';
import { CLI_VERSION, cachedExecutable } from './cache.js';

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

/** The hashes of Temporal's own archives of {@link CLI_VERSION}, by platform. Change them together with it. */
const ARCHIVES: Readonly<Record<string, string>> = {
  linux_amd64: 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
  linux_arm64: 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5',
  darwin_amd64: 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9',
  darwin_arm64: 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415',
};

/** The largest archive that is accepted, in bytes. The real ones have about 60 MB. */
const LARGEST_ARCHIVE = 300_000_000;

/** Returns Temporal's archive for this machine; `undefined` if there is no hash of it. */
export function releaseFor(platform: string = process.platform, arch: string = process.arch): Release | undefined {
  const name = `${platform}_${arch === 'x64' ? 'amd64' : arch}`;
  const sha256 = ARCHIVES[name];
  if (sha256 === undefined) return undefined;
  const file = `temporal_cli_${CLI_VERSION.slice(1)}_${name}.tar.gz`;
  return { url: `https://github.com/temporalio/cli/releases/download/${CLI_VERSION}/${file}`, sha256 };
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
