import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { acquireDevServer } from '../../src/temporal/dev-server/index.js';
import { resolveTemporalTarget } from '../../src/temporal/connection/target.js';
import {
  cleanUpLocalServices,
  Holder,
  gone,
  leases,
  serverOf,
  temporaryDirectory,
  until,
} from '../helpers/local-services.js';

afterEach(cleanUpLocalServices);

interface Got {
  address: string;
  uiUrl?: string;
}

const quiet = () => {};
const cli = inject('temporalCli');

beforeEach(() => {
  vi.stubEnv('TEMPORAL_CLI_PATH', cli);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

async function withClient<T>(address: string, use: (client: Client) => Promise<T>, namespace = 'default'): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection, namespace }));
  } finally {
    await connection.close();
  }
}

const start = (client: Client) =>
  client.workflow.start('anything', { workflowId: 'kept', taskQueue: 'nobody', args: [] });

describe('the Temporal dev server', () => {
  it('is shared by two processes that start at the same time, and stops with the last one', async () => {
    const dir = await temporaryDirectory();
    const holders = [1, 2].map(() => new Holder('temporal', dir, { TEMPORAL_CLI_PATH: cli }));
    const [a, b] = await Promise.all(holders.map((holder) => holder.got<Got>()));
    expect(a).toEqual(b);
    const server = serverOf(join(dir, 'temporal'));
    expect(leases(join(dir, 'temporal'))).toHaveLength(2);
    await holders[0]?.release();
    expect(gone(server)).toBe(false);
    await holders[1]?.release();
    expect(gone(server)).toBe(true);
  });

  it('survives when the process that started it is killed, and the next user adopts and stops it', async () => {
    const dir = await temporaryDirectory();
    const starter = new Holder('temporal', dir, { TEMPORAL_CLI_PATH: cli });
    const { address } = await starter.got<Got>();
    await starter.kill();
    const server = serverOf(join(dir, 'temporal'));
    const next = await acquireDevServer({ dir, log: quiet });
    expect(next.address).toBe(address);
    expect(serverOf(join(dir, 'temporal'))).toEqual(server);
    await next.release();
    await next.release();
    expect(gone(server)).toBe(true);
  });

  it('keeps its address and data after a stop and after a kill', async () => {
    const dir = await temporaryDirectory();
    const first = await acquireDevServer({ dir, log: quiet });
    await withClient(first.address, start);
    await first.release();

    const second = await acquireDevServer({ dir, log: quiet });
    expect(second).toMatchObject({ address: first.address, namespace: 'default' });
    const server = serverOf(join(dir, 'temporal'));
    process.kill(server.pid, 'SIGKILL');
    await until(() => gone(server), 'the server has ended');

    const third = await acquireDevServer({ dir, log: quiet });
    expect(third.address).toBe(first.address);
    const { status } = await withClient(third.address, (client) => client.workflow.getHandle('kept').describe());
    expect(status.name).toBe('RUNNING');
    await Promise.all([second.release(), third.release()]);
  });

  it('creates the configured namespace', async () => {
    const dir = await temporaryDirectory();
    const targets = await Promise.all([1, 2].map(() => resolveTemporalTarget({ dir, namespace: 'team-a' })));
    const [target] = targets;
    expect(target).toMatchObject({ namespace: 'team-a', explicit: false });
    await withClient(target?.address ?? '', start, 'team-a');
    await Promise.all(targets.map(({ release }) => release()));
  });
});
