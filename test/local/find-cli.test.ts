import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import which from 'which';
import { findTemporalCli } from '../../src/temporal/dev-server/index.js';
import { cacheDir } from '../../src/temporal/dev-server/cache.js';
import { cleanUpLocalServices, temporaryDirectory } from '../helpers/local-services.js';

afterEach(cleanUpLocalServices);

function script(path: string, text: string): string {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

const WORKS = 'echo temporal version 9.9.9';
/** A CLI whose dev server has a defective SQLite driver. */
const OLD = 'echo "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"';

/** Sets up a bare machine: an empty PATH, an empty cache, and a proxy that leads nowhere. */
async function bareMachine() {
  const root = await temporaryDirectory();
  const path = join(root, 'bin');
  mkdirSync(path);
  const nowhere = 'http://127.0.0.1:9';
  const env = { PATH: path, HOME: root, XDG_CACHE_HOME: join(root, 'cache'), HTTPS_PROXY: nowhere, ALL_PROXY: nowhere };
  const lines: string[] = [];
  return { root, path, env, lines, log: (line: string) => void lines.push(line) };
}

/** Sets up a machine that reaches a server with an archive of a CLI. */
async function machineThatDownloads() {
  const machine = await bareMachine();
  const { root, path } = machine;
  for (const program of ['tar', 'gzip']) symlinkSync(await which(program), join(path, program));
  script(join(root, 'temporal'), WORKS);
  execFileSync('tar', ['-czf', 'archive.tar.gz', 'temporal'], { cwd: root });
  const archive = readFileSync(join(root, 'archive.tar.gz'));
  const server = createServer((_, response) => response.end(archive));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...machine,
    env: { PATH: path, HOME: root, XDG_CACHE_HOME: join(root, 'cache') },
    release: {
      url: `http://127.0.0.1:${port}/archive.tar.gz`,
      sha256: createHash('sha256').update(archive).digest('hex'),
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe.skipIf(process.platform === 'win32')('the search for a Temporal CLI', () => {
  it('lists every way in the order tried, and why it failed', async () => {
    const { env, log, lines } = await bareMachine();
    const error = (await findTemporalCli({ env, log }).catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({ code: 'LOCAL_SERVICE' });
    const ways = [
      'TEMPORAL_CLI_PATH: not set',
      'PATH: no executable named temporal',
      'cache: ',
      'download: ',
      'build with Go: no executable named go',
    ];
    const places = ways.map((way) => error.message.indexOf(`- ${way}`));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(error.message).toContain('TEMPORAL_ADDRESS');
    // What a machine simply does not have is in the error, not in the log.
    expect(lines.filter((line) => line.includes(': tried ')).map((line) => line.split(': ')[1])).toEqual([
      'tried download',
      'tried build with Go',
    ]);
  });

  it('tries TEMPORAL_CLI_PATH first', async () => {
    const { root, path, env, log } = await bareMachine();
    const wanted = script(join(root, 'mine'), WORKS);
    script(join(path, 'temporal'), WORKS);
    expect(await findTemporalCli({ env: { ...env, TEMPORAL_CLI_PATH: wanted }, log })).toBe(wanted);
  });

  it('reports that TEMPORAL_CLI_PATH does not work, and tries the next way', async () => {
    const { root, path, env, log, lines } = await bareMachine();
    const broken = script(join(root, 'mine'), 'echo wrong architecture >&2; exit 8');
    script(join(path, 'temporal'), WORKS);
    expect(await findTemporalCli({ env: { ...env, TEMPORAL_CLI_PATH: broken }, log })).toBe(join(path, 'temporal'));
    expect(lines[0]).toMatch(/TEMPORAL_CLI_PATH: .*exited with code 8: wrong architecture/);
  });

  describe('a CLI whose server fails after cancelled requests', () => {
    const defect = /with its Server 1\.29\.1, a cancelled request can make a dev server fail/;

    it('on PATH is passed over for the cached one', async () => {
      const { path, env, log, lines } = await bareMachine();
      script(join(path, 'temporal'), OLD);
      mkdirSync(cacheDir(env), { recursive: true });
      const cached = script(join(cacheDir(env), 'temporal'), WORKS);
      expect(await findTemporalCli({ env, log })).toBe(cached);
      expect(lines[0]).toMatch(defect);
    });

    it('on PATH is used with a warning if there is no other', async () => {
      const { path, env, log, lines } = await bareMachine();
      const old = script(join(path, 'temporal'), OLD);
      expect(await findTemporalCli({ env, log })).toBe(old);
      expect(lines.at(-2)).toMatch(defect);
      expect(lines.at(-1)).toContain(`using ${old}, from PATH, for want of a newer one`);
    });

    it('in TEMPORAL_CLI_PATH is used with a warning', async () => {
      const { root, env, log, lines } = await bareMachine();
      const wanted = script(join(root, 'mine'), OLD);
      expect(await findTemporalCli({ env: { ...env, TEMPORAL_CLI_PATH: wanted }, log })).toBe(wanted);
      expect(lines[0]).toMatch(defect);
    });

    it.each([
      '1.9.1 (Server 1.31.0',
      '0.0.0-DEV (Server 1.32.2',
      '3 (Server 2.0.0',
      '1.5.1+sqlite.1.51.0 (Server 1.29.1',
    ])('is not %s)', async (version) => {
      const { path, env, log } = await bareMachine();
      const executable = script(join(path, 'temporal'), `echo "temporal version ${version}, UI 2.54.1)"`);
      expect(await findTemporalCli({ env, log })).toBe(executable);
    });
  });

  it('rejects another program of the same name', async () => {
    const { path, env, log } = await bareMachine();
    script(join(path, 'temporal'), 'echo a tense of grammar');
    const error = (await findTemporalCli({ env, log }).catch((reason: unknown) => reason)) as Error;
    expect(error.message).toContain(`PATH: ${join(path, 'temporal')} is not the Temporal CLI`);
  });

  it('uses the cached one', async () => {
    const { env, log } = await bareMachine();
    mkdirSync(cacheDir(env), { recursive: true });
    const cached = script(join(cacheDir(env), 'temporal'), WORKS);
    expect(await findTemporalCli({ env, log })).toBe(cached);
  });

  it('builds one with Go, once for two simultaneous searches, and caches it', async () => {
    const { root, path, env, log, lines } = await bareMachine();
    const calls = join(root, 'calls');
    script(
      join(path, 'go'),
      `echo "$1 $2 $3 $4 $5 $7" >> ${calls}; /bin/cat go.mod >> ${calls}; printf '#!/bin/sh\\n${OLD}\\n' > "$6"; /bin/chmod 755 "$6"`,
    );
    const left = join(cacheDir(env), 'partial-killed');
    mkdirSync(left, { recursive: true });
    const found = await Promise.all([findTemporalCli({ env, log }), findTemporalCli({ env, log })]);
    const cached = join(cacheDir(env), 'temporal');
    expect(found).toEqual([cached, cached]);
    expect(readFileSync(calls, 'utf8').split('\n')).toEqual([
      'build -mod=mod -ldflags -X github.com/temporalio/cli/temporalcli.Version=1.5.1+sqlite.1.51.0 -o github.com/temporalio/cli/cmd/temporal',
      'module temporal',
      '',
      'go 1.25',
      '',
      'require github.com/temporalio/cli v1.5.1',
      'require modernc.org/sqlite v1.51.0',
      '',
    ]);
    expect(lines.join('\n')).toContain('building it with Go');
    expect(existsSync(left)).toBe(false);
  });

  it('downloads the archive whose hash is known, and caches it', async () => {
    const { env, log, release, close } = await machineThatDownloads();
    const found = await findTemporalCli({ env, log, release });
    expect(found).toBe(join(cacheDir(env), 'temporal'));
    await close();
    expect(await findTemporalCli({ env, log, release })).toBe(found);
  });

  it('does not unpack an archive with another hash', async () => {
    const { env, log, lines, release, close } = await machineThatDownloads();
    const other = { ...release, sha256: '0'.repeat(64) };
    const error = (await findTemporalCli({ env, log, release: other }).catch((reason: unknown) => reason)) as Error;
    await close();
    expect(error.message).toContain(`its SHA-256 is ${release.sha256}, but should be ${other.sha256}`);
    expect(lines.join('\n')).not.toContain('Temporal CLI: using');
    expect(existsSync(join(cacheDir(env), 'temporal'))).toBe(false);
  });

  it('can be aborted', async () => {
    const { path, env, log } = await bareMachine();
    const abort = new AbortController();
    script(join(path, 'go'), 'while true; do :; done');
    const search = findTemporalCli({
      env,
      signal: abort.signal,
      log: (line) => {
        log(line);
        if (line.includes('building')) abort.abort(new Error('enough'));
      },
    });
    await expect(search).rejects.toThrow('enough');
  });
});
