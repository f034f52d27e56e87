/** Finds or installs a Temporal CLI, which contains the dev server. @module */
import { access, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import which from 'which';
import { McpTasksError } from '../../task/errors.js';
import { runCommand } from '../../local/command.js';
import { environmentFor } from '../../local/environment.js';
import { withMutex } from '../../local/mutex.js';
import { cacheDir, cachedExecutable, fillCache } from './cache.js';
import { NEWER_DRIVER, buildByGo, download, releaseFor, type Release, type SourceOptions } from './sources.js';

export interface FindOptions {
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** What to download. @default Temporal's own archive for this machine, if its hash is known */
  readonly release?: Release | undefined;
}

/** How long to wait for another process that is downloading or building, in milliseconds. */
const CACHE_LOCK_TIMEOUT = 50 * 60_000;

/**
 * Returns the first CLI that works, trying in order: `TEMPORAL_CLI_PATH`, `temporal` on PATH if its server is not
 * {@link defect | defective}, the cache, a download whose hash is checked, a build with a Go toolchain, `temporal` on
 * PATH all the same. The download and the build fill the cache, one process at a time.
 * @returns the executable's absolute path
 * @throws McpTasksError `LOCAL_SERVICE`, listing each way and why it failed
 */
export async function findTemporalCli(options: FindOptions): Promise<string> {
  const { log, signal, env = process.env, release = releaseFor() } = options;
  const search = new Search({ log, signal, env });
  const dir = cacheDir(env);
  const cached = cachedExecutable(dir);

  const found =
    (await search.tryWay('TEMPORAL_CLI_PATH', () => fromVariable(env), warn(log))) ??
    (await search.tryWay('PATH', () => fromPath(env), refuseDefective)) ??
    (await search.tryWay('cache', () => inCache(cached)));
  if (found) return found;

  const got = await underCacheLock(dir, { log, signal, env }, async () => {
    if (await exists(cached)) return search.tryWay('cache', () => cached);
    const { source } = search;
    return (
      (await search.tryWay('download', () => {
        if (!release)
          throw new Error(`this package has no hash of Temporal's archive for ${process.platform} ${process.arch}`);
        log(`Temporal CLI: downloading ${release.url}`);
        return fillCache(dir, (temporary) => download(temporary, release, source));
      })) ??
      (await search.tryWay('build with Go', () => {
        log('Temporal CLI: building it with Go; the first time takes a few minutes');
        return fillCache(dir, (temporary) => buildByGo(temporary, source));
      }))
    );
  }).catch((error: unknown) => search.fail(`the cache ${dir}`, error));
  if (got) return got;
  const failure = search.failure();
  const last = await search.tryWay('PATH, for want of a newer one', () => fromPath(env), warn(log));
  if (last) return last;
  throw failure;
}

/** A way that this machine does not have. That is usual, so it is not logged. */
class Absent extends Error {}

class Search {
  readonly #failures: string[] = [];

  constructor(readonly source: SourceOptions) {}

  /**
   * Tries one way to find the CLI.
   * @param check gets the line with its version, and throws if that must not be used
   * @returns the executable, if it is a Temporal CLI that runs
   */
  async tryWay(
    way: string,
    find: () => string | Promise<string>,
    check?: (version: string) => void,
  ): Promise<string | undefined> {
    try {
      const executable = await find();
      const version = await this.#versionOf(executable);
      check?.(version);
      this.source.log(`Temporal CLI: using ${executable}, from ${way} (${version})`);
      return executable;
    } catch (error) {
      return this.fail(way, error);
    }
  }

  fail(way: string, error: unknown): undefined {
    this.source.signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    this.#failures.push(`${way}: ${reason}`);
    if (!(error instanceof Absent)) this.source.log(`Temporal CLI: tried ${way}: ${reason}`);
  }

  async #versionOf(executable: string): Promise<string> {
    const { env, signal } = this.source;
    const output = await runCommand(executable, ['--version'], {
      env: environmentFor('run', env),
      signal,
      timeout: 30_000,
    }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new Error(`${executable} does not exist`, { cause: error }) : error;
    });
    const [version = ''] = output.trim().split('\n');
    if (!/temporal version/i.test(version)) throw new Error(`${executable} is not the Temporal CLI`);
    return version;
  }

  failure(): McpTasksError {
    return new McpTasksError(
      'LOCAL_SERVICE',
      'No Temporal address is configured, and no Temporal CLI was found to start a dev server with. Tried:\n' +
        this.#failures.map((line) => `  - ${line.replaceAll('\n', '\n    ')}`).join('\n') +
        '\nSet TEMPORAL_ADDRESS to use a running Temporal, set TEMPORAL_CLI_PATH to a Temporal CLI' +
        ' (https://docs.temporal.io/cli), or install Go.',
    );
  }
}

/**
 * Returns what is wrong with the dev server of a CLI. Before Temporal 1.31, its SQLite driver leaks a statement if a
 * request is cancelled at the wrong moment; then every later request fails with `interrupted (9)`.
 * @param version what `temporal --version` prints
 */
function defect(version: string): string | undefined {
  if (version.includes(NEWER_DRIVER)) return undefined;
  const [, server, major, minor] = /\((Server (\d+)\.(\d+)[\w.-]*)/.exec(version) ?? [];
  if (server === undefined || Number(major) > 1 || Number(minor) >= 31) return undefined;
  return `with its ${server}, a cancelled request can make a dev server fail until it is restarted; 1.31 and later do not`;
}

function refuseDefective(version: string): void {
  const problem = defect(version);
  if (problem !== undefined) throw new Error(problem);
}

function warn(log: (line: string) => void): (version: string) => void {
  return (version) => {
    const problem = defect(version);
    if (problem !== undefined) log(`Temporal CLI: ${problem}`);
  };
}

function fromVariable(env: NodeJS.ProcessEnv): string {
  const path = env['TEMPORAL_CLI_PATH'];
  if (!path) throw new Absent('not set');
  return resolve(path);
}

/** Returns an absolute path, because the Temporal SDK starts an executable by its path and does not search PATH. */
async function fromPath(env: NodeJS.ProcessEnv): Promise<string> {
  const executable = await which('temporal', { path: env['PATH'] ?? '', nothrow: true });
  if (executable === null) throw new Absent('no executable named temporal');
  return resolve(executable);
}

async function inCache(path: string): Promise<string> {
  if (!(await exists(path))) throw new Absent(`${path} does not exist`);
  return path;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function underCacheLock<T>(dir: string, options: SourceOptions, section: () => Promise<T>): Promise<T> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const onWait = (seconds: number) =>
    options.log(`Temporal CLI: waiting for another process to download or build it (${seconds} s so far)`);
  return withMutex(dir, { timeout: CACHE_LOCK_TIMEOUT, onWait, signal: options.signal }, section);
}
