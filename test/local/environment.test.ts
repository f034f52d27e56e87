/** Which variables the programs get that this package starts. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { environmentFor } from '../../src/local/environment.js';
import { acquireDevServer, findTemporalCli } from '../../src/temporal/dev-server/index.js';
import { acquirePostgres } from '../../src/tools/postgres/index.js';
import { cleanUpLocalServices, serverOf, temporaryDirectory } from '../helpers/local-services.js';
// Built, because it starts the built command.
import { WorkerProcess } from '../../dist/src/cli/worker-process.js';

afterEach(() => void vi.unstubAllEnvs());
afterEach(cleanUpLocalServices);

const quiet = (): void => {};

const SECRETS = {
  MCP_TASKS_KEY: 'planted-key',
  AWS_SECRET_ACCESS_KEY: 'planted-cloud-key',
  MCP_TASKS_DATABASE_SALES: 'postgresql://user:planted-password@127.0.0.1/sales',
  TEMPORAL_API_KEY: 'planted-api-key',
  GOOGLE_APPLICATION_CREDENTIALS: 'planted-file',
};
const NEEDED = { LANG: 'C.UTF-8', TMPDIR: '/tmp', HTTPS_PROXY: 'http://127.0.0.1:9' };

function plant(): void {
  for (const [name, value] of Object.entries({ ...SECRETS, ...NEEDED })) vi.stubEnv(name, value);
  vi.stubEnv('DATABASE_URL', undefined);
}

/** Returns the environment that a process was started with. */
const environmentOf = ({ pid }: { pid: number }): string => readFileSync(`/proc/${pid}/environ`, 'utf8');

describe.skipIf(process.platform !== 'linux')('a server', () => {
  it('of Temporal gets none of our secrets', async () => {
    const dir = await temporaryDirectory();
    plant();
    vi.stubEnv('TEMPORAL_CLI_PATH', inject('temporalCli'));
    const { release } = await acquireDevServer({ dir, log: quiet });
    const environment = environmentOf(serverOf(join(dir, 'temporal')));
    await release();
    expect(environment).not.toContain('planted');
    expect(environment).not.toContain('PROXY');
    expect(environment).toContain('LANG=C.UTF-8');
  });

  it('of PostgreSQL gets none of our secrets', async () => {
    const dir = await temporaryDirectory();
    plant();
    const { release } = await acquirePostgres({ dir, log: quiet });
    const environment = environmentOf(serverOf(join(dir, 'postgres')));
    await release();
    expect(environment).not.toContain('planted');
    expect(environment).toContain('TMPDIR=/tmp');
  });
});

describe.skipIf(process.platform === 'win32')('a program', () => {
  it('that is asked for its version, or that builds, gets what it needs and no more', async () => {
    const dir = await temporaryDirectory();
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    const spy = (name: string, then: string): string => {
      const path = join(bin, name);
      writeFileSync(path, `#!/bin/sh\n/usr/bin/env > ${path}.env\n${then}\n`);
      chmodSync(path, 0o755);
      return `${path}.env`;
    };
    const version = spy('other', 'exit 1');
    const build = spy('go', `printf '#!/bin/sh\\necho temporal version 9.9.9\\n' > "$6"; /bin/chmod 755 "$6"`);
    const env = {
      ...SECRETS,
      ...NEEDED,
      PATH: bin,
      HOME: dir,
      GOPROXY: 'https://goproxy.example',
      TEMPORAL_CLI_PATH: join(bin, 'other'),
      XDG_CACHE_HOME: join(dir, 'cache'),
    };
    await findTemporalCli({ env, log: quiet });
    for (const file of [version, build]) {
      expect(existsSync(file), file).toBe(true);
      expect(readFileSync(file, 'utf8')).not.toContain('planted');
    }
    expect(readFileSync(version, 'utf8')).not.toContain('PROXY');
    expect(readFileSync(build, 'utf8')).toMatch(/GOPROXY=https:\/\/goproxy.example\n/);
    expect(readFileSync(build, 'utf8')).toContain(`HTTPS_PROXY=${NEEDED.HTTPS_PROXY}\n`);
  });

  it('gets proxies in lower case too', () => {
    const env = { https_proxy: 'a', HTTPS_PROXY: 'b', no_proxy: 'c', MCP_TASKS_KEY: 'd' };
    expect(environmentFor('download', env)).toEqual({ https_proxy: 'a', HTTPS_PROXY: 'b', no_proxy: 'c' });
  });
});

it.skipIf(process.platform !== 'linux')('a worker of the reference tools gets no key', async () => {
  const worker = await WorkerProcess.start({
    dir: await temporaryDirectory(),
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      DATABASE_URL: inject('databaseUrl'),
      MCP_TASKS_KEY: 'planted-key',
    },
  });
  const environment = environmentOf(worker);
  await worker.stop();
  expect(environment).not.toContain('planted-key');
  expect(environment).toContain('DATABASE_URL=');
});
