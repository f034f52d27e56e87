/** Sources on HTTPS servers: only from allowed hosts and addresses, whole, within limits, and continued after a break. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MockActivityEnvironment } from '@temporalio/testing';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { convert, type ConvertCheckpoint } from '../../src/tools/convert/convert.js';
import { loadActivities } from '../../src/tools/load/activities.js';
import type { LoadArguments, LoadPlan } from '../../src/tools/load/types.js';
import { referenceTools, toolsConfigFromEnv, type RemoteSources, type ToolsConfig } from '../../src/tools/index.js';
import { checkedLookup, mayConnect } from '../../src/tools/remote/addresses.js';
import { download, downloadFolder, removeDownloads, type DownloadRequest } from '../../src/tools/remote/download.js';
import { listsHost } from '../../src/tools/remote/limits.js';
import { loadId } from '../../src/tools/target/names.js';
import { scratch, type Scratch } from '../helpers/reference-tools.js';

const CONTENT = Buffer.from(`id,name\n${Array.from({ length: 20_000 }, (_, i) => `${i},name ${i}\n`).join('')}`);

let place: Scratch;
let server: Server;
let ca: string;
let base: string;
let host: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let requests: IncomingMessage[];
let id: string;

beforeAll(async () => {
  place = await scratch();
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  ca = made.cert;
  server = createServer({ cert: made.cert, key: made.private }, (request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `localhost:${(server.address() as AddressInfo).port}`;
  base = `https://${host}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await place.close();
});
beforeEach(() => {
  requests = [];
  answer = whole();
  id = randomUUID().replaceAll('-', '').slice(0, 20);
});
afterEach(async () => await removeDownloads(id));

/** Answers with the content, or the rest of it. */
function whole(content = CONTENT, etag = '"one"') {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const from =
      request.headers['if-range'] === etag ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    response.writeHead(from > 0 ? 206 : 200, {
      etag,
      'content-length': content.length - from,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
    });
    response.end(content.subarray(from));
  };
}

/** Sends the first half and cuts the connection, the first `times` times. */
function cut(times: number, then: typeof answer): typeof answer {
  let left = times;
  return (request, response) => {
    if (left-- <= 0) return then(request, response);
    response.writeHead(200, { etag: '"one"', 'content-length': CONTENT.length });
    response.write(CONTENT.subarray(0, CONTENT.length / 2), () => response.destroy());
  };
}

const remote = (more: Partial<RemoteSources> = {}): RemoteSources => ({ hosts: [], privateHosts: [host], ca, ...more });
const get = async (more: Partial<DownloadRequest> = {}): Promise<Buffer> => {
  const { path, sha256 } = await download({
    remote: remote(),
    url: `${base}/data/rows.csv`,
    id,
    signal: new AbortController().signal,
    progress: () => {},
    ...more,
  });
  const content = await readFile(path);
  expect(sha256).toBe(createHash('sha256').update(content).digest('hex'));
  return content;
};

describe('a download', () => {
  test('is the whole file, in a private folder, and happens once', async () => {
    const reports: [number, number | undefined][] = [];
    expect((await get({ progress: (done, total) => reports.push([done, total]) })).equals(CONTENT)).toBe(true);
    expect(reports.at(-1)).toEqual([CONTENT.length, CONTENT.length]);
    expect((await stat(downloadFolder(id))).mode & 0o777).toBe(0o700);
    expect((await stat(join(downloadFolder(id), 'rows.csv'))).mode & 0o777).toBe(0o600);
    await get();
    expect(requests).toHaveLength(1);
    expect(requests[0]!.headers).toMatchObject({ 'accept-encoding': 'identity' });
  });

  test('continues after a lost connection, from where it was, and only if the file is the same', async () => {
    answer = cut(2, whole());
    expect((await get()).equals(CONTENT)).toBe(true);
    expect(requests.map(({ headers }) => headers['if-range'])).toEqual([undefined, '"one"', '"one"']);
    expect(requests[1]!.headers.range).toMatch(/^bytes=\d+-$/);
    await removeDownloads(id);
    const other = Buffer.from('other\n1\n');
    answer = cut(1, whole(other, '"two"'));
    expect((await get()).toString()).toBe(other.toString());
  });

  test('continues in the next attempt', async () => {
    answer = cut(5, whole());
    await expect(get()).rejects.toThrow(/^https:\/\/localhost:\d+\/data\/rows.csv: the connection failed/);
    requests = [];
    expect((await get()).equals(CONTENT)).toBe(true);
    expect(requests).toHaveLength(1);
    expect(requests[0]!.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test('begins again if the server has no strong tag, or does not know the range', async () => {
    answer = (_, response) =>
      response.writeHead(200, { etag: 'W/"weak"', 'content-length': 4 }).write('a\n', () => response.destroy());
    await expect(get()).rejects.toThrow('the connection failed');
    expect(requests.every(({ headers }) => headers.range === undefined)).toBe(true);
    answer = cut(1, (request, response) => {
      if (request.headers.range) response.writeHead(416).end();
      else whole()(request, response);
    });
    expect((await get()).equals(CONTENT)).toBe(true);
  });

  test.each([
    ['the announced', { 'content-length': String(CONTENT.length) }],
    ['the real', {}],
  ])('ends at the limit for %s size', async (_, headers) => {
    answer = (__, response) => response.writeHead(200, headers).end(CONTENT);
    await expect(get({ remote: remote({ bytes: 1_000 }) })).rejects.toThrow(
      /the file has more than 1000 bytes, which is the worker's limit.*MCP_TASKS_REMOTE_BYTES/,
    );
  });

  test('ends when it is cancelled, and when its time is up', async () => {
    answer = (_, response) => void response.writeHead(200).write('a\n');
    const abort = new AbortController();
    const waiting = get({ signal: abort.signal, progress: () => abort.abort(new Error('cancelled')) });
    await expect(waiting).rejects.toThrow('cancelled');
    await expect(get({ remote: remote({ time: '200 ms' }) })).rejects.toThrow('the limit of MCP_TASKS_REMOTE_TIME');
  });

  test.each([
    [404, /^https:\/\/localhost:\d+\/data\/rows\.csv: the server answered 404 Not Found; check the URL/, true],
    [403, /the server answered 403/, true],
    [503, /the connection failed \(the server answered 503/, false],
  ])('an answer of %d is an error', async (status, message, final) => {
    answer = (_, response) => response.writeHead(status).end();
    const error = await get({ url: `${base}/data/rows.csv?signature=secret` }).catch((e: unknown) => e as Error);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect((error as { nonRetryable?: boolean }).nonRetryable === true).toBe(final);
    expect((error as Error).message).not.toContain('secret');
  });

  test('a certificate that is not trusted, and a content encoding, are refused', async () => {
    const { ca: _, ...untrusting } = remote();
    await expect(get({ remote: untrusting })).rejects.toThrow(/the server's certificate is not valid/);
    answer = (__, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(CONTENT));
    await expect(get()).rejects.toThrow('the encoding gzip, which is not supported');
  });
});

test('folders of tasks that ended long ago are removed, and nothing else', async () => {
  const folder = dirname(downloadFolder(id));
  const [old, young] = ['a', 'b'].map((letter) => join(folder, letter.repeat(20))) as [string, string];
  const foreign = join(folder, 'not a task');
  for (const each of [old, young, foreign]) await mkdir(each, { recursive: true });
  const long = new Date(Date.now() - 8 * 24 * 60 * 60 * 1_000);
  for (const each of [old, foreign]) await utimes(each, long, long);
  try {
    await get();
    expect(await readdir(folder)).toEqual(expect.arrayContaining([basename(young), basename(foreign), id]));
    expect(await readdir(folder)).not.toContain(basename(old));
  } finally {
    for (const each of [old, young, foreign]) await rm(each, { recursive: true, force: true });
  }
});

test('a folder for downloads that is a link to another one is not used', async () => {
  const elsewhere = join(place.root, 'elsewhere');
  await mkdir(elsewhere);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = place.root;
  try {
    await symlink(elsewhere, dirname(downloadFolder(id)));
    await expect(get()).rejects.toThrow('the folder for downloads on the worker is not its own');
    expect(await readdir(elsewhere)).toEqual([]);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
});

describe('a URL is refused', () => {
  test.each([
    ['http://localhost/x.csv', 'only https:// URLs and paths can be sources'],
    ['s3://bucket/x.csv', 'only https:// URLs and paths can be sources; use a presigned https:// URL of the file'],
    ['file:///etc/passwd', 'only https:// URLs and paths can be sources'],
    ['https://user:secret@localhost/x.csv', 'a URL must not contain a user name or password'],
    ['https://example.com/x.csv', 'this tool may not download from example.com, only from localhost:'],
    ['https://localhost/x.csv', 'this tool may not download from localhost, only from localhost:'],
    ['https://', 'is not a valid URL'],
  ])('%s', async (url, message) => {
    const error = await get({ url }).catch((e: unknown) => e as Error);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toContain('secret@');
    expect(requests).toEqual([]);
  });

  test('if the operator has allowed no host', async () => {
    await expect(get({ remote: undefined })).rejects.toThrow('ask the operator to set MCP_TASKS_REMOTE_HOSTS');
  });

  test('if the allowed host has an address that is not public', async () => {
    await expect(get({ remote: { hosts: [host], ca } })).rejects.toThrow(
      'the address of the host "localhost" is not a public one',
    );
    const literal = host.replace('localhost', '127.0.0.1');
    await expect(get({ remote: { hosts: [literal], ca }, url: `https://${literal}/x.csv` })).rejects.toThrow(
      'is not a public one',
    );
    const six = host.replace('localhost', '[::1]');
    await expect(get({ remote: { hosts: [six], ca }, url: `https://${six}/x.csv` })).rejects.toThrow(
      'is not a public one',
    );
    expect(requests).toEqual([]);
  });

  test.each([
    ['another host', 'https://example.com/x.csv', 'this tool may not download from example.com'],
    ['http', 'http://localhost/x.csv', 'only https:// URLs'],
    ['a metadata server', 'https://169.254.169.254/latest', 'this tool may not download from 169.254.169.254'],
    ['itself, for ever', '/data/rows.csv', 'the server redirects more than 5 times'],
  ])('if it redirects to %s', async (_, location, message) => {
    answer = (__, response) => response.writeHead(302, { location }).end();
    await expect(get()).rejects.toThrow(message);
  });

  test('if an allowed name redirects to an allowed name with a private address', async () => {
    answer = (_, response) => response.writeHead(307, { location: 'https://inside.example/x.csv' }).end();
    const resolve = async (name: string): Promise<{ address: string; family: number }[]> =>
      await Promise.resolve([{ address: name === 'inside.example' ? '10.0.0.1' : '127.0.0.1', family: 4 }]);
    await expect(get({ remote: remote({ hosts: ['inside.example'] }), resolve })).rejects.toThrow(
      'the address of the host "inside.example" is not a public one',
    );
  });
});

test('a redirect to an allowed place is followed', async () => {
  answer = (request, response) => {
    if (request.url === '/data/rows.csv') response.writeHead(302, { location: '../moved?a=1' }).end();
    else whole()(request, response);
  };
  expect((await get()).equals(CONTENT)).toBe(true);
  expect(requests.map(({ url }) => url)).toEqual(['/data/rows.csv', '/moved?a=1']);
});

test('the name is looked up once for each connection, which is made to the address that was checked', async () => {
  const answers = [['127.0.0.1'], ['10.0.0.1']];
  let lookups = 0;
  const resolve = async (): Promise<{ address: string; family: number }[]> =>
    await Promise.resolve((answers[lookups++] ?? ['10.0.0.1']).map((address) => ({ address, family: 4 })));
  await get({ resolve });
  expect(lookups).toBe(1);
  const refused = await new Promise((done) => {
    checkedLookup(false, async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '192.168.0.1', family: 4 },
    ])('rebound.example', { all: true }, (error) => done(error));
  });
  expect(refused).toMatchObject({ message: expect.stringContaining('is not a public one') });
});

test.each<readonly [string, boolean, boolean]>([
  ['93.184.216.34', true, true],
  ['2606:4700::1111', true, true],
  ...[
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '0.0.0.0',
    '198.18.0.1',
    '::1',
    'fd00::1',
    '::ffff:10.0.0.1',
  ].map((address) => [address, false, true] as const),
  ...['169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254', '100.100.100.200', 'fe80::1', 'not an address'].map(
    (address) => [address, false, false] as const,
  ),
  ...['224.0.0.1', '255.255.255.255', '64:ff9b::a00:1', '2002:a00:1::', '2001:db8::1', '::'].map(
    (address) => [address, false, true] as const,
  ),
])('the address %s is public: %s, and allowed if private ones are: %s', (address, open, allowed) => {
  expect([mayConnect(address, false), mayConnect(address, true)]).toEqual([open, allowed]);
});

test.each([
  ['data.example.com', 'https://data.example.com/x', true],
  ['Data.Example.com', 'https://DATA.example.com/x', true],
  ['data.example.com', 'https://data.example.com.evil.com/x', false],
  ['data.example.com', 'https://x.data.example.com/x', false],
  ['data.example.com', 'https://data.example.com:8443/x', false],
  ['data.example.com:8443', 'https://data.example.com:8443/x', true],
  ['*.example.com', 'https://a.b.example.com/x', true],
  ['*.example.com', 'https://example.com/x', false],
  ['*.example.com', 'https://evilexample.com/x', false],
])('%s allows %s: %s', (listed, url, expected) => {
  expect(listsHost([listed], new URL(url))).toBe(expected);
});

test('the environment configures it; mistakes are reported by variable', () => {
  const env = {
    MCP_TASKS_REMOTE_HOSTS: 'data.example.com, *.example.org',
    MCP_TASKS_REMOTE_PRIVATE_HOSTS: 'minio:9000',
    MCP_TASKS_REMOTE_BYTES: '1000',
    MCP_TASKS_REMOTE_TIME: '5 minutes',
  };
  const config = toolsConfigFromEnv(env);
  expect(config.remote).toEqual({
    hosts: ['data.example.com', '*.example.org'],
    privateHosts: ['minio:9000'],
    bytes: 1_000,
    time: '5 minutes',
  });
  expect(toolsConfigFromEnv({})).not.toHaveProperty('remote');
  for (const [variable, value] of [
    ['MCP_TASKS_REMOTE_HOSTS', 'https://x.com'],
    ['MCP_TASKS_REMOTE_PRIVATE_HOSTS', '*'],
    ['MCP_TASKS_REMOTE_BYTES', 'many'],
    ['MCP_TASKS_REMOTE_TIME', '5'],
  ] as const)
    expect(() => toolsConfigFromEnv({ ...env, [variable]: value })).toThrow(variable);
  expect(() => referenceTools({ roots: [], databases: {}, remote: { hosts: ['a b'] } })).toThrow(
    '`remote.hosts`: "a b" is not a host',
  );
  const descriptions = (config_: ToolsConfig): string =>
    JSON.stringify(referenceTools(config_).map(({ description }) => description));
  expect(descriptions(config)).toContain(
    'https:// URL on one of these hosts: data.example.com, *.example.org, minio:9000',
  );
  expect(descriptions({ roots: [], databases: {} })).not.toContain('https://');
});

describe('the tools', () => {
  const config = (): ToolsConfig => ({ ...place.config, remote: remote() });
  let tasks = 0;

  async function run<A, R>(activity: (args: A) => Promise<R>, args: A, attempt = 1): Promise<R> {
    return await new MockActivityEnvironment({
      attempt,
      workflowExecution: { workflowId: `remote-${tasks}-${place.schema}`, runId: 'r' },
    }).run(activity, args);
  }
  const args = (url: string): LoadArguments => ({
    source: url,
    database: 'default',
    table: `${place.schema}.remote${++tasks}`,
    mode: 'create',
    chunkRows: 5_000,
  });

  test('a load reads a compressed file, and leaves no download', async () => {
    answer = whole(gzipSync(CONTENT));
    const steps = loadActivities(config());
    const plan = await run(steps.inspectSource, args(`${base}/rows.csv.gz?signature=x`));
    for (const step of [steps.createStaging, steps.loadChunks, steps.verifyStaging, steps.swapTables])
      await run<LoadPlan, unknown>(step, plan);
    expect(await place.count(`${place.schema}.remote${tasks}`)).toEqual({ rows: 20_000, twice: 0 });
    expect(requests).toHaveLength(1);
    await expect(stat(downloadFolder(plan.target.id))).rejects.toThrow('ENOENT');
    await run(steps.settleLoad, plan.target);
  });

  test('another worker downloads the file again, and refuses another one', async () => {
    const steps = loadActivities(config());
    const plan = await run(steps.inspectSource, args(`${base}/rows.csv`));
    await run(steps.createStaging, plan);
    await removeDownloads(plan.target.id);
    answer = whole(Buffer.concat([CONTENT, Buffer.from('x,y\n')]), '"two"');
    await expect(run(steps.loadChunks, plan)).rejects.toThrow(
      /rows\.csv has changed since the task began; start a new task/,
    );
    await removeDownloads(plan.target.id);
    answer = whole();
    await run(steps.loadChunks, plan);
    expect(await run(steps.verifyStaging, plan)).toMatchObject({ rows: 20_000 });
    await run(steps.undoLoad, plan.target);
    expect(await place.tables()).not.toContain(`remote${tasks}`);
  });

  test('a load that fails or is undone leaves no download', async () => {
    const steps = loadActivities(config());
    const plan = await run(steps.inspectSource, args(`${base}/rows.csv`));
    expect((await stat(downloadFolder(plan.target.id))).isDirectory()).toBe(true);
    await run(steps.undoLoad, plan.target);
    await expect(stat(downloadFolder(plan.target.id))).rejects.toThrow('ENOENT');
    answer = whole(Buffer.from('{"a":1}\nnot json\n'));
    await expect(run(steps.inspectSource, args(`${base}/bad.ndjson`))).rejects.toThrow(/^bad\.ndjson, row 2/);
    await expect(stat(downloadFolder(loadId(`remote-${tasks}-${place.schema}`)))).rejects.toThrow('ENOENT');
  });

  test('a conversion', async () => {
    const ctx = {
      taskId: `convert-${id}`,
      attempt: 1,
      signal: new AbortController().signal,
      lastCheckpoint: undefined as ConvertCheckpoint | undefined,
      progress: () => {},
      checkpoint: () => {},
    };
    const call = { source: `${base}/rows.csv`, target: 'remote.csv', overwrite: false };
    expect(await convert(config(), call, ctx)).toMatchObject({ rows: 20_000, files: 1 });
    expect((await readFile(join(place.root, 'remote.csv'))).toString()).toBe(
      CONTENT.toString().replaceAll(/,(name \d+)/g, ',"$1"'),
    );
    await expect(convert(place.config, { ...call, target: 'x.csv' }, { ...ctx, taskId: 'x' })).rejects.toThrow(
      'this tool may not download files',
    );
    await writeFile(join(place.root, 'local.csv'), 'a\n1\n');
    expect(
      await convert(config(), { ...call, source: 'local.csv', target: 'y.csv' }, { ...ctx, taskId: 'y' }),
    ).toMatchObject({ rows: 1 });
  });
});
