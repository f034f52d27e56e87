/** The peers: which of them can run on this machine, and how to start them. @module */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import which from 'which';
import { cacheDir } from '../../src/temporal/dev-server/cache.js';
import type { Program } from '../served/guard.js';
import { freePort, listening } from './ports.js';
import type { Rig } from './rig.js';

/** FastMCP and Docket on a Redis that persists nothing. */
export const FASTMCP = 'FastMCP';
/** The same on a Redis that writes each change to disk before it answers. */
export const FASTMCP_DURABLE = 'FastMCP, fsync';
/** The v1 SDK's own `InMemoryTaskStore`. */
export const STORE = 'InMemoryTaskStore';

/** Starts a peer. @returns its URL */
export type PeerStart = (rig: Rig) => Promise<string>;

const PACKAGE = 'fastmcp[tasks]==4.1.2';
const SERVER = resolve('bench/served/fastmcp_peer.py');
/** How long the installation may take, in milliseconds. */
const INSTALLATION = 600_000;

const PERSISTENCE: Readonly<Record<string, readonly string[]>> = {
  [FASTMCP]: ['--save', '', '--appendonly', 'no'],
  [FASTMCP_DURABLE]: ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
};

/**
 * Finds the peers that can run here. Installs FastMCP into the user's cache the first time.
 * @param log gets a line that says why, if some cannot
 */
export async function findPeers(log: (line: string) => void): Promise<Readonly<Record<string, PeerStart>>> {
  const peers: Record<string, PeerStart> = { [STORE]: startStore };
  try {
    const redis = await which('redis-server').catch(() => {
      throw new Error('there is no redis-server on PATH (Debian: apt-get install redis-server)');
    });
    const python = await installed(log);
    for (const [name, persistence] of Object.entries(PERSISTENCE))
      peers[name] = async (rig) => await startFastMcp(rig, { redis, python, persistence });
  } catch (error) {
    log(`FastMCP is skipped: ${(error as Error).message.trim().split('\n').at(-1)}`);
  }
  return peers;
}

async function startStore(rig: Rig): Promise<string> {
  return ((await rig.child('store.js')).ready as { url: string }).url;
}

/** @returns the Python of an environment that has FastMCP */
async function installed(log: (line: string) => void): Promise<string> {
  const dir = join(dirname(cacheDir()), 'bench', PACKAGE.replaceAll(/[^\w.]+/g, '-'));
  const python = join(dir, 'bin', 'python');
  const complete = async (): Promise<boolean> =>
    existsSync(python) &&
    (await promisify(execFile)(python, ['-c', 'import fastmcp_tasks']).then(
      () => true,
      () => false,
    ));
  if (await complete()) return python;
  const system = await which('python3').catch(() => {
    throw new Error('there is no python3 on PATH');
  });
  log(`FastMCP: installing ${PACKAGE} the first time`);
  await mkdir(dir, { recursive: true });
  await promisify(execFile)(system, ['-m', 'venv', dir], { timeout: INSTALLATION });
  await promisify(execFile)(join(dir, 'bin', 'pip'), ['install', '--quiet', PACKAGE], { timeout: INSTALLATION });
  return python;
}

async function startFastMcp(
  rig: Rig,
  { redis, python, persistence }: { redis: string; python: string; persistence: readonly string[] },
): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-bench-redis-'));
  rig.own(async () => await rm(dir, { recursive: true, force: true }));
  const [redisPort, port] = [await freePort(), await freePort()];
  const { child: guard } = await rig.child('guard.js');
  const start = async (program: Program): Promise<unknown> => await guard.ask('run', program);
  await start({
    file: redis,
    args: ['--port', String(redisPort), '--bind', '127.0.0.1', '--dir', dir, ...persistence],
    cwd: dir,
  });
  await listening(redisPort);
  await start({
    file: python,
    args: [SERVER],
    env: { BENCH_PORT: String(port), FASTMCP_DOCKET_URL: `redis://127.0.0.1:${redisPort}/0` },
  });
  await listening(port);
  return `http://127.0.0.1:${port}/mcp`;
}
