import { createServer } from 'node:net';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { acquireLocalService, knock, type LocalService } from '../../src/local/index.js';
import { identify } from '../../src/local/process-identity.js';
import {
  cleanUpLocalServices,
  Holder,
  fixture,
  gone,
  leases,
  record,
  serverOf,
  temporaryDirectory,
  until,
} from '../helpers/local-services.js';

afterEach(cleanUpLocalServices);

interface Got {
  pid: number;
  ports: { echo: number };
  joined: boolean;
}

function echoService(dir: string, mood = '', changes: Partial<LocalService<'echo'>> = {}): LocalService<'echo'> {
  return {
    name: 'echo server',
    dir,
    ports: ['echo'],
    stopSignal: 'SIGTERM',
    prepare: async () => async (ports) => ({
      file: process.execPath,
      args: [fixture('echo-server.mjs'), String(ports.echo), mood],
      env: {},
    }),
    probe: (ports) => knock(ports.echo),
    ...changes,
  };
}

const quiet = { log: () => {} };

describe('a shared local server', () => {
  it('is started once for all processes that start at the same time, and stops with the last one', async () => {
    const dir = await temporaryDirectory();
    const holders = Array.from({ length: 6 }, () => new Holder('echo', dir));
    const got = await Promise.all(holders.map((holder) => holder.got<Got>()));
    const server = serverOf(dir);
    expect(new Set(got.map(({ pid }) => pid))).toEqual(new Set([server.pid]));
    expect(new Set(got.map(({ ports }) => ports.echo)).size).toBe(1);
    expect(got.filter(({ joined }) => !joined)).toHaveLength(1);
    expect(leases(dir)).toHaveLength(6);

    const [last, ...others] = holders;
    await Promise.all(others.map((holder) => holder.release()));
    expect(gone(server)).toBe(false);
    await last?.release();
    expect(gone(server)).toBe(true);
    expect(record(dir).server).toBeUndefined();
  });

  it('is shared by several users in one process, each of which may release more than once', async () => {
    const dir = await temporaryDirectory();
    const users = await Promise.all([1, 2, 3].map(() => acquireLocalService(echoService(dir), quiet)));
    const server = serverOf(dir);
    const [first, ...others] = users;
    await Promise.all([first?.release(), first?.release(), first?.release()]);
    expect(gone(server)).toBe(false);
    await Promise.all(others.map((user) => user.release()));
    expect(gone(server)).toBe(true);
  });

  it('survives when the process that started it is killed, and the next user adopts and stops it', async () => {
    const dir = await temporaryDirectory();
    const starter = new Holder('echo', dir);
    const { pid } = await starter.got<Got>();
    await starter.kill();
    const server = serverOf(dir);
    const next = await acquireLocalService(echoService(dir), quiet);
    expect(next).toMatchObject({ pid, joined: true });
    expect(leases(dir)).toHaveLength(1);
    await next.release();
    expect(gone(server)).toBe(true);
  });

  it('stops when its last user exits without releasing it', async () => {
    const dir = await temporaryDirectory();
    const holder = new Holder('echo', dir);
    await holder.got<Got>();
    const server = serverOf(dir);
    await holder.exitWithoutRelease();
    await until(() => gone(server), 'the server has ended');
    expect(leases(dir)).toHaveLength(0);
    const next = await acquireLocalService(echoService(dir), quiet);
    expect(next.joined).toBe(false);
    await next.release();
  });

  it('is replaced on the same port after it has died', async () => {
    const dir = await temporaryDirectory();
    const first = await acquireLocalService(echoService(dir), quiet);
    const server = serverOf(dir);
    process.kill(first.pid, 'SIGKILL');
    await until(() => gone(server), 'the server has ended');
    const second = await acquireLocalService(echoService(dir), quiet);
    expect(second.joined).toBe(false);
    expect(second.pid).not.toBe(first.pid);
    expect(second.ports).toEqual(first.ports);
    // The dead server's user still holds its lease.
    await second.release();
    const replacement = serverOf(dir);
    expect(gone(replacement)).toBe(false);
    await first.release();
    expect(gone(replacement)).toBe(true);
  });

  it('is not confused with another program that got its process ID', async () => {
    const dir = await temporaryDirectory();
    const stranger = { pid: process.pid, startedAt: 'another time' };
    writeFileSync(join(dir, 'server.json'), JSON.stringify({ ports: { echo: 1 }, server: stranger }));
    const lease = await acquireLocalService(echoService(dir), quiet);
    expect(lease).toMatchObject({ joined: false });
    await lease.release();
  });

  it('is not adopted while it is stopping', async () => {
    const dir = await temporaryDirectory();
    const first = await acquireLocalService(echoService(dir), quiet);
    const server = serverOf(dir);
    writeFileSync(join(dir, 'server.json'), JSON.stringify({ ...record(dir), server: { ...server, stopping: true } }));
    const second = await acquireLocalService(echoService(dir), quiet);
    expect(second.joined).toBe(false);
    expect(gone(server)).toBe(true);
    await Promise.all([first.release(), second.release()]);
  });

  it('is replaced if it runs but does not answer', async () => {
    const dir = await temporaryDirectory();
    const first = await acquireLocalService(echoService(dir, 'stubborn'), quiet);
    const server = serverOf(dir);
    // Only the hung server has little time to answer. Its replacement may take as long as it needs to start.
    const probe = ({ echo }: { echo: number }) =>
      serverOf(dir).pid === server.pid ? Promise.reject(new Error('hung')) : vi.waitFor(() => knock(echo), 20_000);
    const lines: string[] = [];
    const impatient = echoService(dir, '', { probe, startTimeout: 200, stopTimeout: 200 });
    const second = await acquireLocalService(impatient, { log: (line) => lines.push(line) });
    expect(lines.join('\n')).toContain('hung');
    expect(gone(server)).toBe(true);
    expect(second.joined).toBe(false);
    await Promise.all([first.release(), second.release()]);
  });

  it('is killed if it ignores the stop signal', async () => {
    const dir = await temporaryDirectory();
    const lease = await acquireLocalService(echoService(dir, 'stubborn', { stopTimeout: 200 }), quiet);
    const server = serverOf(dir);
    await lease.release();
    expect(gone(server)).toBe(true);
  });

  it('keeps its port, or uses another one if that is taken', async () => {
    const dir = await temporaryDirectory();
    const first = await acquireLocalService(echoService(dir), quiet);
    await first.release();
    const squatter = createServer().listen(first.ports.echo, '127.0.0.1');
    await once(squatter, 'listening');
    const second = await acquireLocalService(echoService(dir), quiet);
    expect(second.ports.echo).not.toBe(first.ports.echo);
    await second.release();
    squatter.close();
  });

  it.each(['', 'not JSON', '{"ports":{"echo":"x"}}', '{"ports":{},"server":{"pid":-1}}'])(
    'starts despite a corrupt record: %j',
    async (text) => {
      const dir = await temporaryDirectory();
      writeFileSync(join(dir, 'server.json'), text);
      const lease = await acquireLocalService(echoService(dir), quiet);
      expect(lease.joined).toBe(false);
      await lease.release();
    },
  );

  it('ignores leases that are incomplete or whose process has ended', async () => {
    const dir = await temporaryDirectory();
    const first = await acquireLocalService(echoService(dir), quiet);
    const server = serverOf(dir);
    writeFileSync(join(dir, 'leases', 'cut.json'), '{"pid":');
    writeFileSync(join(dir, 'leases', 'old.json'), JSON.stringify({ pid: process.pid, startedAt: 'another time' }));
    await first.release();
    expect(gone(server)).toBe(true);
  });

  it('that fails to start is reported with the end of its log, and leaves nothing behind', async () => {
    const dir = await temporaryDirectory();
    await expect(acquireLocalService(echoService(dir, 'broken'), quiet)).rejects.toMatchObject({
      code: 'LOCAL_SERVICE',
      message: expect.stringMatching(/exited with code 3[^]*cannot open the database file/) as string,
    });
    expect(leases(dir)).toHaveLength(0);
    expect(record(dir).server).toBeUndefined();
  });

  it('that cannot be run is reported', async () => {
    const dir = await temporaryDirectory();
    const prepare = async () => async () => ({ file: join(dir, 'missing'), args: [], env: {} });
    await expect(acquireLocalService(echoService(dir, '', { prepare }), quiet)).rejects.toMatchObject({
      code: 'LOCAL_SERVICE',
    });
    expect(leases(dir)).toHaveLength(0);
  });

  it('stops even if its directory was deleted', async () => {
    const dir = await temporaryDirectory();
    const lease = await acquireLocalService(echoService(dir), quiet);
    const server = serverOf(dir);
    rmSync(dir, { recursive: true });
    await lease.release();
    expect(gone(server)).toBe(true);
    expect(existsSync(dir)).toBe(false);
  });

  it('is released immediately if the wait for it was aborted', async () => {
    const dir = await temporaryDirectory();
    const abort = new AbortController();
    const prepare = async () => {
      abort.abort(new Error('enough'));
      return echoService(dir).prepare();
    };
    await expect(
      acquireLocalService(echoService(dir, '', { prepare }), { ...quiet, signal: abort.signal }),
    ).rejects.toThrow('enough');
    expect(existsSync(join(dir, 'leases')) ? leases(dir) : []).toHaveLength(0);
  });
});

describe('the identity of a process', () => {
  it('distinguishes processes', () => {
    const self = identify(process.pid);
    const parent = identify(process.ppid);
    expect(gone(self as { pid: number })).toBe(false);
    expect(gone({ ...parent, pid: self.pid } as { pid: number })).toBe(parent.startedAt !== self.startedAt);
  });
});
