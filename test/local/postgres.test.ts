import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { homeOf } from '../../src/tools/postgres/home.js';
import { acquirePostgres } from '../../src/tools/postgres/index.js';
import {
  cleanUpLocalServices,
  Holder,
  gone,
  leases,
  record,
  serverOf,
  temporaryDirectory,
  until,
} from '../helpers/local-services.js';

afterEach(cleanUpLocalServices);

interface Got {
  url: string;
}

const quiet = () => {};

beforeEach(() => {
  vi.stubEnv('DATABASE_URL', undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString });
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('PostgreSQL', () => {
  it('uses DATABASE_URL and starts nothing', async () => {
    const dir = await temporaryDirectory();
    vi.stubEnv('DATABASE_URL', 'postgresql://elsewhere/db');
    const { url, release } = await acquirePostgres({ dir, log: quiet });
    await release();
    expect(url).toBe('postgresql://elsewhere/db');
    expect(existsSync(join(dir, 'postgres'))).toBe(false);
  });

  it('starts, answers, and keeps its address, password and data for the next start', async () => {
    const dir = await temporaryDirectory();
    const first = await acquirePostgres({ dir, log: quiet });
    expect(await query(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await query(first.url, 'create table kept as select 42 as n');
    expect(await query(first.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    await expect(query(first.url.replace(/:\w+@/, ':wrong@'), 'select 1')).rejects.toThrow('password');
    // If run as root in a project that other users cannot enter, the file is outside the directory.
    expect(statSync(join(homeOf(join(dir, 'postgres')), 'password')).mode & 0o777).toBe(0o600);
    const server = serverOf(join(dir, 'postgres'));
    await first.release();
    await first.release();
    expect(gone(server)).toBe(true);

    const second = await acquirePostgres({ dir, log: quiet });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 42 }]);
    await second.release();
  });

  it('is shared by two processes that start at the same time, and stops with the last one', async () => {
    const dir = await temporaryDirectory();
    const holders = [1, 2].map(() => new Holder('postgres', dir));
    const [a, b] = await Promise.all(holders.map((holder) => holder.got<Got>()));
    expect(a).toEqual(b);
    const server = serverOf(join(dir, 'postgres'));
    await holders[0]?.release();
    expect(await query(a?.url ?? '', 'select 1 as one')).toEqual([{ one: 1 }]);
    await holders[1]?.release();
    expect(gone(server)).toBe(true);
  });

  it('survives when the process that started it is killed, and recovers when killed itself', async () => {
    const dir = await temporaryDirectory();
    const starter = new Holder('postgres', dir);
    const { url } = await starter.got<Got>();
    await query(url, 'create table kept as select 42 as n');
    await starter.kill();
    const server = serverOf(join(dir, 'postgres'));
    const next = await acquirePostgres({ dir, log: quiet });
    expect(serverOf(join(dir, 'postgres'))).toEqual(server);
    expect(leases(join(dir, 'postgres'))).toHaveLength(1);

    process.kill(server.pid, 'SIGKILL');
    await until(() => gone(server), 'the server has ended');
    const again = await acquirePostgres({ dir, log: quiet });
    expect(again.url).toBe(url);
    expect(await query(again.url, 'select n from kept')).toEqual([{ n: 42 }]);
    await Promise.all([next.release(), again.release()]);
    expect(record(join(dir, 'postgres')).server).toBeUndefined();
  });

  it.runIf(process.getuid?.() === 0)('works for root in a directory that other users cannot enter', async () => {
    const dir = await temporaryDirectory(0o700);
    const first = await acquirePostgres({ dir, log: quiet });
    expect(homeOf(join(dir, 'postgres'))).not.toBe(join(dir, 'postgres'));
    await query(first.url, 'create table kept as select 42 as n');
    await first.release();
    const second = await acquirePostgres({ dir, log: quiet });
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 42 }]);
    await second.release();
  });
});
