/** `durability`: what reaches Temporal's CLI, and what a dev server's data survives. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import type { Durability } from '../../src/local/durability.js';
import { acquireDevServer, type DevServer } from '../../src/temporal/dev-server/index.js';
import { cleanUpLocalServices, gone, serverOf, temporaryDirectory, until } from '../helpers/local-services.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
let dir: string;
let cli: string;

beforeEach(async () => {
  dir = await temporaryDirectory();
  const bin = await temporaryDirectory();
  cli = join(bin, 'temporal.sh');
  copyFileSync(fixture('recording-temporal.sh'), cli);
  symlinkSync(inject('temporalCli'), join(bin, 'real'));
  vi.stubEnv('TEMPORAL_CLI_PATH', cli);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await cleanUpLocalServices();
});

/** Returns how the dev server was started. */
const started = (): string =>
  readFileSync(join(cli, '..', 'arguments'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('server'))
    .join('\n');

const acquire = async (durability?: Durability, log: (line: string) => void = () => {}): Promise<DevServer> =>
  await acquireDevServer({ dir, log, durability });

async function withClient<T>({ address }: DevServer, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

const startWorkflow = async (server: DevServer): Promise<unknown> =>
  await withClient(server, async ({ workflow }) =>
    workflow.start('anything', { workflowId: 'kept', taskQueue: 'nobody', args: [] }),
  );
const describeWorkflow = async (server: DevServer): Promise<unknown> =>
  await withClient(server, async ({ workflow }) => (await workflow.getHandle('kept').describe()).status.name);

describe('a level that keeps a file', () => {
  it.each([
    ['full', 'full'],
    ['normal', 'normal'],
    ['full', undefined],
  ] as const)('%s, if %s is asked for', async (level, asked) => {
    const first = await acquire(asked);
    expect(started()).toContain(`--sqlite-pragma journal_mode=WAL --sqlite-pragma synchronous=${level.toUpperCase()}`);
    await startWorkflow(first);
    // The write-ahead log, in which a killed server leaves its last changes.
    expect(readdirSync(join(dir, 'temporal'))).toContain('temporal.db-wal');
    const server = serverOf(join(dir, 'temporal'));
    process.kill(server.pid, 'SIGKILL');
    await until(() => gone(server), 'the server has ended');
    const second = await acquire(asked);
    expect(await describeWorkflow(second)).toBe('RUNNING');
    await Promise.all([first.release(), second.release()]);
  });

  it('reads a file that an earlier version of this package wrote, without a write-ahead log', async () => {
    const db = join(dir, 'temporal', 'temporal.db');
    const first = await acquire('memory');
    await first.release();
    const { grpc } = (
      JSON.parse(readFileSync(join(dir, 'temporal', 'server.json'), 'utf8')) as { ports: { grpc: number } }
    ).ports;
    const args = [
      'server',
      'start-dev',
      '--headless',
      '--ip',
      '127.0.0.1',
      '--port',
      String(grpc),
      '--db-filename',
      db,
    ];
    const old = spawn(inject('temporalCli'), args, { stdio: 'ignore' });
    const ended = once(old, 'exit');
    const server = { address: `127.0.0.1:${grpc}` } as DevServer;
    await expect
      .poll(async () => await startWorkflow(server).catch(() => undefined), { timeout: 20_000 })
      .toBeDefined();
    old.kill('SIGTERM');
    await ended;
    const second = await acquire();
    expect(await describeWorkflow(second)).toBe('RUNNING');
    await second.release();
  });
});

it('memory keeps nothing', async () => {
  const first = await acquire('memory');
  expect(started()).not.toMatch(/db-filename|pragma/);
  await startWorkflow(first);
  await first.release();
  expect(readdirSync(join(dir, 'temporal')).filter((name) => name.startsWith('temporal.db'))).toEqual([]);
  const second = await acquire('memory');
  await expect(describeWorkflow(second)).rejects.toThrow('workflow not found');
  await second.release();
});

it('tells a process that joins a server with another level', async () => {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const servers = [await acquire('memory', log), await acquire('memory', log)];
  expect(lines.filter((line) => line.includes('--durability'))).toEqual([]);
  servers.push(await acquire('full', log));
  expect(lines.filter((line) => line.includes('--durability'))).toEqual([
    'Temporal runs with --durability memory, not full, because another process started it; to change it, stop all processes that use this dev server, then start again',
  ]);
  for (const server of servers) await server.release();
});

it('refuses an unknown level', async () => {
  await expect(acquire('most' as Durability)).rejects.toThrow('durability: expected full, normal, memory, not "most"');
});

describe('--durability reaches the server', () => {
  const initialize = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  };
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;

  it.each([
    ['serve', ['serve', fixture('tools.mjs'), '--port', '0']],
    ['serve over stdio', ['serve', fixture('tools.mjs'), '--transport', 'stdio']],
    ['serve, with a gateway file', ['serve', 'mcp-tasks.yaml', '--port', '0']],
    ['worker', ['worker', fixture('tools.mjs')]],
    ['start', ['start', '--port', '0', '--no-ui']],
  ])('%s', async (_name, args) => {
    writeFileSync(join(dir, 'mcp-tasks.yaml'), 'taskQueue: etl\ntools:\n- { name: load, workflow: NightlyLoad }\n');
    const child = spawn(process.execPath, [main, ...args, '--dir', dir, '--durability', 'memory'], {
      cwd: dir,
      env: { ...env, TEMPORAL_CLI_PATH: cli },
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    // Over stdio, the start begins after the first answer.
    child.stdin.write(`${JSON.stringify(initialize)}\n`);
    const ended = once(child, 'exit');
    try {
      await expect.poll(() => (readdirSync(join(cli, '..')).includes('arguments') ? started() : '')).toMatch(/^server/);
      expect(started()).not.toContain('--db-filename');
    } finally {
      child.stdin.destroy();
      child.kill('SIGTERM');
      await ended;
    }
  });
});
