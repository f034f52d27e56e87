import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { keyFile } from '../../src/local/key-file.js';
import { acquireDevServer } from '../../src/temporal/dev-server/index.js';
import { Parts } from '../../src/tools/convert/parts.js';
import { acquirePostgres } from '../../src/tools/postgres/index.js';
import { cleanUpLocalServices, temporaryDirectory } from '../helpers/local-services.js';

const root = process.getuid?.() === 0;
/** Root's PostgreSQL runs as another user, who has to pass these folders. */
const PASSABLE = ['.', 'postgres'];

let umask: number;
beforeEach(() => {
  vi.stubEnv('TEMPORAL_CLI_PATH', inject('temporalCli'));
  vi.stubEnv('DATABASE_URL', undefined);
  // Nothing may depend on the user's umask.
  umask = process.umask(0);
});
afterEach(() => {
  process.umask(umask);
  vi.unstubAllEnvs();
});
afterEach(cleanUpLocalServices);

const quiet = (): void => {};

async function useEverything(dir: string): Promise<void> {
  await keyFile(dir, quiet);
  const services = [await acquireDevServer({ dir, log: quiet }), await acquirePostgres({ dir, log: quiet })];
  expect(open(dir)).toEqual([]);
  for (const { release } of services) await release();
  expect(open(dir)).toEqual([]);
}

/** Returns what other users could list, read or change, with its mode. */
function open(dir: string): string[] {
  return ['.', ...readdirSync(dir, { recursive: true, encoding: 'utf8' })].flatMap((name) => {
    const mode = statSync(join(dir, name), { throwIfNoEntry: false })?.mode ?? 0;
    const allowed = root && PASSABLE.includes(name) ? 0o711 : 0o700;
    return (mode & 0o777 & ~allowed) === 0 ? [] : [`${name} ${(mode & 0o777).toString(8)}`];
  });
}

describe.skipIf(process.platform === 'win32')('files of local services', () => {
  it('belong to their user alone', async () => {
    const dir = join(await temporaryDirectory(), '.mcp-tasks');
    await useEverything(dir);
    for (const file of [
      'key',
      'temporal/temporal.db',
      'temporal/server.log',
      'temporal/server.json',
      'postgres/password',
    ])
      expect(statSync(join(dir, file)).mode & 0o777, file).toBe(0o600);
  });

  it('are taken away from others if an earlier version left them readable', async () => {
    const dir = join(await temporaryDirectory(), '.mcp-tasks');
    await useEverything(dir);
    chmodSync(dir, 0o755);
    for (const name of ['temporal', 'temporal/leases', 'postgres', 'postgres/leases'])
      chmodSync(join(dir, name), 0o755);
    for (const name of ['temporal/temporal.db', 'temporal/server.json']) chmodSync(join(dir, name), 0o644);
    await useEverything(dir);
    expect(open(dir)).toEqual([]);
  });

  it('do not close a folder that also holds something else', async () => {
    const dir = await temporaryDirectory();
    mkdirSync(join(dir, 'photos'));
    await keyFile(dir, quiet);
    expect(statSync(dir).mode & 0o777).toBe(0o755);
    expect(statSync(join(dir, 'key')).mode & 0o777).toBe(0o600);
  });
});

it.skipIf(process.platform === 'win32')('unfinished work of a conversion belongs to its user alone', async () => {
  const dir = await temporaryDirectory();
  const parts = new Parts(join(dir, 'table.parquet'), 'id');
  await parts.open();
  writeFileSync(parts.part(0), '');
  expect(statSync(parts.folder).mode & 0o777).toBe(0o700);
});
