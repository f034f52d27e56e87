/** Which of a dev server's HTTP ports answer whom. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { acquireDevServer, type DevServer } from '../../src/temporal/dev-server/index.js';
import { cleanUpLocalServices, Holder, serverOf, temporaryDirectory } from '../helpers/local-services.js';

beforeEach(() => void vi.stubEnv('TEMPORAL_CLI_PATH', inject('temporalCli')));
afterEach(() => void vi.unstubAllEnvs());
afterEach(cleanUpLocalServices);

const NAMESPACES = '/api/v1/namespaces';

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

/** Sends a request with these headers, as `fetch` cannot: it sets `Host` itself. */
async function ask(url: string, headers: Record<string, string> = {}, path = NAMESPACES): Promise<Answer> {
  return await new Promise((answered, failed) => {
    const sent = request(new URL(url), { path, headers, timeout: 5_000 }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.once('end', () => answered({ status: response.statusCode, body }));
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer')));
    sent.once('error', failed).end();
  });
}

/** The UI connects to Temporal a moment after it has begun to answer. */
async function untilConnected(url = ''): Promise<void> {
  await expect.poll(async () => (await ask(url)).body, { timeout: 15_000 }).toContain('namespaceInfo');
}

const argumentsOf = (dir: string): string[] =>
  readFileSync(`/proc/${serverOf(join(dir, 'temporal')).pid}/cmdline`, 'utf8').split('\0');

/** Returns the URLs of all TCP ports on which a process listens. */
async function urlsOf({ pid }: { pid: number }): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ss', ['-Hltnp']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(`pid=${pid},`))
    .map((line) => `http://${line.trim().split(/\s+/)[3]}`);
}

async function withDevServer(ui: boolean | undefined, use: (server: DevServer, dir: string) => Promise<void>) {
  const dir = await temporaryDirectory();
  const lines: string[] = [];
  const server = await acquireDevServer({ dir, ui, log: (line) => lines.push(line) });
  try {
    await use(server, dir);
  } finally {
    await server.release();
  }
}

describe('without `ui`', () => {
  it.skipIf(process.platform !== 'linux')('there is no UI', async () => {
    await withDevServer(undefined, async ({ uiUrl }, dir) => {
      expect(uiUrl).toBeUndefined();
      expect(argumentsOf(dir)).toContain('--headless');
    });
  });

  it.skipIf(process.platform !== 'linux')('no port shows workflows to a web page', async () => {
    await withDevServer(undefined, async (_, dir) => {
      const urls = await urlsOf(serverOf(join(dir, 'temporal')));
      expect(urls.length).toBeGreaterThan(1);
      for (const url of urls)
        for (const host of ['evil.example', new URL(url).host]) {
          const { body } = await ask(url, { host }).catch(() => ({ body: '' }));
          expect(body, `${url} for ${host}`).not.toContain('namespaceInfo');
        }
    });
  });
});

describe('with `ui`', () => {
  it('the UI and its API answer this machine', async () => {
    await withDevServer(true, async ({ uiUrl = '' }) => {
      expect(await ask(uiUrl, {}, '/')).toMatchObject({ status: 200, body: expect.stringContaining('<html') });
      await untilConnected(uiUrl);
      const { port } = new URL(uiUrl);
      const origin = `http://localhost:${port}`;
      expect((await ask(uiUrl, { host: `localhost:${port}`, origin })).status).toBe(200);
    });
  });

  it.each([
    ['another name, as with DNS rebinding', (url: URL) => ({ host: `evil.example:${url.port}` })],
    ['another name without a port', () => ({ host: 'evil.example' })],
    ['another port', () => ({ host: '127.0.0.1:1' })],
    ['a name that begins like ours', (url: URL) => ({ host: `127.0.0.1.evil.example:${url.port}` })],
    ['a page of another site', () => ({ origin: 'https://evil.example' })],
    ['a page without a site', () => ({ origin: 'null' })],
    ['a page of another program on this machine', () => ({ origin: 'http://127.0.0.1:1' })],
  ])('a request for %s is refused, and told where the UI is', async (_, headers) => {
    await withDevServer(true, async ({ uiUrl = '' }) => {
      const { status, body } = await ask(uiUrl, headers(new URL(uiUrl)));
      expect(status).toBe(403);
      expect(body).toContain(`Temporal's web UI is at ${uiUrl}.`);
      expect(body).not.toContain('namespaceInfo');
    });
  });

  it.skipIf(process.platform !== 'linux')('the UI behind the check is at an address that nobody knows', async () => {
    await withDevServer(true, async (_, dir) => {
      const [, ip = ''] = /--ui-ip\0([^\0]+)/.exec(argumentsOf(dir).join('\0')) ?? [];
      expect(ip).toMatch(/^127\./);
      expect(ip).not.toBe('127.0.0.1');
      const known = (await urlsOf(serverOf(join(dir, 'temporal')))).filter((url) => !url.includes(ip));
      for (const url of known)
        expect((await ask(url).catch(() => undefined))?.body ?? '').not.toContain('namespaceInfo');
    });
  });

  it('keeps its URL, and every process that shares the server can serve it', async () => {
    const dir = await temporaryDirectory();
    const first = await acquireDevServer({ dir, ui: true, log: () => undefined });
    const second = await acquireDevServer({ dir, ui: true, log: () => undefined });
    expect(second.uiUrl).not.toBe(first.uiUrl);
    await untilConnected(second.uiUrl);
    await first.release();
    expect((await ask(second.uiUrl ?? '')).status).toBe(200);
    await second.release();
    await expect(ask(second.uiUrl ?? '')).rejects.toThrow('ECONNREFUSED');
    const third = await acquireDevServer({ dir, ui: true, log: () => undefined });
    expect(third.uiUrl).toBe(first.uiUrl);
    await third.release();
  });

  it('says why there is none, if the server was started without', async () => {
    const dir = await temporaryDirectory();
    const holder = new Holder('temporal', dir, { TEMPORAL_CLI_PATH: inject('temporalCli') });
    await holder.got();
    const lines: string[] = [];
    const { uiUrl, release } = await acquireDevServer({ dir, ui: true, log: (line) => lines.push(line) });
    expect(uiUrl).toBeUndefined();
    expect(lines.join()).toContain('Temporal runs without its web UI');
    await release();
    await holder.release();
  });
});
