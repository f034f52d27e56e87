/**
 * Secrets of the configuration and of requests: planted in every place, and looked for in everything that comes out.
 * That is Temporal's database without encryption, what the processes write at the log level `debug`, and all answers.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { send2026, type Reply } from '../helpers/raw-requests.js';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const reference = new URL('../../dist/src/tools/index.js', import.meta.url).href;

const plant = (name: string): string => `planted-${name}-${randomUUID()}`;
const SECRETS = {
  key: plant('key'),
  oldKey: plant('old-key'),
  encryption: randomBytes(32).toString('base64'),
  codecToken: plant('codec-token'),
  codecAuth: plant('codec-auth'),
  apiKey: plant('api-key'),
  metadata: plant('metadata'),
  tlsKey: plant('tls-key'),
  password: plant('password'),
  bearer: plant('bearer'),
  cookie: plant('cookie'),
};

let dir: string;
let temporal: TestWorkflowEnvironment;
const children: ChildProcess[] = [];
/** Everything that the processes have written, and that was answered. */
let output = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-secrets-'));
  temporal = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: inject('temporalCli') },
      dbFilename: join(dir, 'temporal.db'),
    },
  });
  await writeFile(
    join(dir, 'tools.mjs'),
    `import { referenceActivities, referenceTools, referenceWorkflowsPath, toolsConfigFromEnv } from '${reference}';
const config = toolsConfigFromEnv(process.env);
export const tools = referenceTools(config);
export const activities = referenceActivities(config);
export const workflowsPath = referenceWorkflowsPath;
`,
  );
  await writeFile(join(dir, 'rows.csv'), 'id,name\n1,one\n2,two\n');
  await writeFile(join(dir, 'key.pem'), `-----BEGIN PRIVATE KEY-----\n${SECRETS.tlsKey}\n-----END PRIVATE KEY-----\n`);
  await writeFile(
    join(dir, 'gateway.yaml'),
    `temporal:
  address: ${temporal.address}
  apiKey: \${API_KEY}
  tls: false
  codec: { endpoint: 'http://127.0.0.1:1', auth: 'Bearer \${CODEC_AUTH}' }
taskQueue: etl
tools:
  - { name: load, workflow: NightlyLoad }
`,
  );
  await writeFile(
    join(dir, 'tls.yaml'),
    `temporal:
  address: ${temporal.address}
  tls: { cert: key.pem, key: key.pem }
tools:
  - { name: load, workflow: NightlyLoad, taskQueue: etl }
`,
  );
});
afterAll(async () => {
  for (const child of children) if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  await temporal.teardown();
  await rm(dir, { recursive: true, force: true });
});

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  MCP_TASKS_LOG_LEVEL: 'debug',
  MCP_TASKS_KEY: `${SECRETS.key},${SECRETS.oldKey}`,
  MCP_TASKS_ROOTS: dir,
  MCP_TASKS_CODEC_TOKEN: SECRETS.codecToken,
  DATABASE_URL: `postgres://etl:${SECRETS.password}@127.0.0.1:1/warehouse`,
  API_KEY: SECRETS.apiKey,
  CODEC_AUTH: SECRETS.codecAuth,
});

function run(args: string[], env: NodeJS.ProcessEnv = {}): { child: ChildProcess; written: () => string } {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: dir,
    env: { ...environment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let written = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      written += data.toString();
      output += data.toString();
    });
  return { child, written: () => written };
}

/** Runs a command to its end. @returns what it wrote */
async function ended(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { child, written } = run(args, env);
  await once(child, 'close');
  return written();
}

/** Starts `serve`. @returns a function that sends requests, whose answers are kept */
async function serve(args: string[], env: NodeJS.ProcessEnv = {}) {
  const { written } = run(['serve', ...args, '--port', '0'], env);
  await vi.waitFor(() => expect(written()).toMatch(/at http\S+/), { timeout: 60_000 });
  const url = /at (http\S+)/.exec(written())?.[1] ?? '';
  const fetching = async (request: Request): Promise<Response> => {
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${SECRETS.bearer}`);
    headers.set('cookie', `session=${SECRETS.cookie}`);
    const response = await fetch(url, { method: 'POST', headers, body: await request.text() });
    output += JSON.stringify([...response.headers]) + (await response.clone().text());
    return response;
  };
  return {
    written,
    send: async (method: string, params: Record<string, unknown>, capabilities?: object): Promise<Reply> =>
      await send2026({ fetch: fetching }, method, params, capabilities ? { capabilities } : {}),
  };
}

async function databaseFiles(): Promise<Buffer> {
  const names = (await readdir(dir)).filter((name) => name.startsWith('temporal.db'));
  return Buffer.concat(await Promise.all(names.map(async (name) => await readFile(join(dir, name)))));
}

function expectNone(text: string | Buffer): void {
  const found = Object.entries(SECRETS).filter(([, secret]) => text.includes(secret));
  expect(found.map(([name]) => name)).toEqual([]);
}

it('tasks that fail at a database leave none in Temporal, logs or answers', { timeout: 120_000 }, async () => {
  const { send } = await serve([join(dir, 'tools.mjs'), '--worker'], {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_API_KEY: SECRETS.apiKey,
    TEMPORAL_TLS: 'false',
    TEMPORAL_GRPC_META_X_SECRET: SECRETS.metadata,
  });
  const load = { name: 'load_dataset', arguments: { source: join(dir, 'rows.csv'), table: 'rows' } };
  const { taskId } = (await send('tools/call', load)).result;
  // The database is away, so the load retries. Its status says why.
  await vi.waitFor(
    async () =>
      expect(JSON.stringify((await send('tasks/get', { taskId })).result)).toMatch(/ECONNREFUSED|refused|connect/i),
    { timeout: 60_000, interval: 250 },
  );
  const convert = {
    name: 'convert_file',
    arguments: { source: join(dir, 'rows.csv'), target: join(dir, 'rows.json') },
  };
  await send('tools/call', convert, {});
  await send('tasks/cancel', { taskId });
  // The search would find something: the arguments are not encrypted. Temporal may move them from one file to another
  // between two reads.
  const database = await vi.waitFor(
    async () => {
      const read = await databaseFiles();
      expect(read.includes('rows.csv')).toBe(true);
      return read;
    },
    { timeout: 30_000, interval: 250 },
  );
  expectNone(database);
  expectNone(output);
});

it('a gateway whose codec server is away reveals none', { timeout: 60_000 }, async () => {
  const { send } = await serve([join(dir, 'gateway.yaml')]);
  expect((await send('tools/call', { name: 'load', arguments: {} })).error?.message).toContain('codec server');
  expect(await ended(['doctor', 'gateway.yaml'])).toContain('codec server');
  expect(await ended(['check', 'gateway.yaml'])).toContain('1 tool');
  expectNone(output);
});

it.each<[string, string[], NodeJS.ProcessEnv, RegExp]>([
  ['a private key that is not one', ['doctor', 'tls.yaml'], {}, /the connection: .*PEM/],
  [
    'a private key as a path',
    ['worker', 'tools.mjs'],
    { TEMPORAL_ADDRESS: 'localhost:1', TEMPORAL_TLS_CLIENT_KEY_PATH: `-----BEGIN PRIVATE KEY----- ${SECRETS.tlsKey}` },
    /path/,
  ],
  [
    'a private key that is not one, in the environment',
    ['worker', 'tools.mjs'],
    {
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      TEMPORAL_TLS_CLIENT_KEY_DATA: `-----BEGIN PRIVATE KEY-----\n${SECRETS.tlsKey}\n-----END PRIVATE KEY-----\n`,
      TEMPORAL_TLS_CLIENT_CERT_DATA: 'x',
    },
    /PrivateKey/,
  ],
  [
    'an API key with a line break',
    ['worker', 'tools.mjs'],
    { TEMPORAL_ADDRESS: 'localhost:1', TEMPORAL_API_KEY: `${SECRETS.apiKey}\nx` },
    /API key/,
  ],
  ['a database URL of another kind', ['serve'], { DATABASE_URL: `mysql://etl:${SECRETS.password}@db` }, /DATABASE_URL/],
  ['encryption keys without IDs', ['serve'], { MCP_TASKS_ENCRYPTION_KEYS: SECRETS.encryption }, /has no ID/],
  [
    'two encryption keys with the same ID',
    ['codec-server'],
    { MCP_TASKS_ENCRYPTION_KEYS: `a:${SECRETS.encryption},a:${SECRETS.encryption}` },
    /same ID/,
  ],
])('the error about %s has none', { timeout: 60_000 }, async (_, args, env, message) => {
  expect(await ended(args, env)).toMatch(message);
  expectNone(output);
});
