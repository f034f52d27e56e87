/** Holds a dev server, with a database file of its own, for as long as the benchmark needs it. @module */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireDevServer, findTemporalCli } from '../../src/temporal/dev-server/index.js';
import { freePort, listening } from '../rig/ports.js';
import { serveParent } from './parent.js';

interface Held {
  readonly address: string;
  release(): Promise<void>;
}

const log = (): void => undefined;
const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-bench-'));
let server: Held | undefined;

serveParent({
  /** @param given with a port for metrics, the server is Temporal's as it comes; without one, it is this package's */
  start: async ({ metricsPort }: { metricsPort?: number }) => {
    server = metricsPort === undefined ? await acquireDevServer({ dir, log }) : await withMetrics(metricsPort);
    return { address: server.address };
  },
  stop: async () => {
    await server?.release();
    await rm(dir, { recursive: true, force: true });
  },
});

async function withMetrics(metricsPort: number): Promise<Held> {
  const port = await freePort();
  const where = ['--ip', '127.0.0.1', '--port', String(port), '--metrics-port', String(metricsPort)];
  const args = [
    'server',
    'start-dev',
    '--headless',
    '--log-level',
    'error',
    '--db-filename',
    join(dir, 'db'),
    ...where,
  ];
  const child = spawn(await findTemporalCli({ log }), args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await listening(port);
  return {
    address: `127.0.0.1:${port}`,
    release: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
