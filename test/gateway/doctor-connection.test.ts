/** `doctor` when it cannot reach Temporal: the reason and the remedy. Also covers every way of connecting. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { SecureServerOptions } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { generate, type GenerateResult, type SelfsignedOptions } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { examine, type Finding } from '../../src/gateway/doctor/index.js';
import { loadGateway } from '../../src/gateway/index.js';
import { key } from '../helpers/stack.js';
import { startProxy, type Proxy } from '../helpers/grpc-proxy.js';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const EC = { keyType: 'ec', algorithm: 'sha256' } as const;
const DAY = 86_400_000;
let dir: string;
/** Everything to stop at the end. */
const proxies: Proxy[] = [];
const servers: Server[] = [];
/** Addresses by name. `findings` puts them in the place of `<name>`. */
const places: Record<string, string> = {};

async function authority(): Promise<GenerateResult> {
  return await generate([{ name: 'commonName', value: 'authority' }], {
    ...EC,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
}
async function certificate(ca: GenerateResult, options: SelfsignedOptions = {}): Promise<GenerateResult> {
  const extensions: SelfsignedOptions['extensions'] = [
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
  ];
  return await generate([{ name: 'commonName', value: 'one' }], {
    ...EC,
    ca: { key: ca.private, cert: ca.cert },
    extensions,
    ...options,
  });
}
async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
async function withTls(
  { private: privateKey, cert }: GenerateResult,
  options: SecureServerOptions = {},
): Promise<string> {
  const proxy = await startProxy({}, { key: privateKey, cert, ...options });
  proxies.push(proxy);
  return proxy.address;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-doctor-'));
  const [ours, theirs] = [await authority(), await authority()];
  const [server, client, stranger] = [await certificate(ours), await certificate(ours), await certificate(theirs)];
  const past = { notBeforeDate: new Date(Date.now() - 3 * DAY), notAfterDate: new Date(Date.now() - DAY) };
  const files = {
    'ca.pem': ours.cert,
    'client.pem': client.cert,
    'client.key': client.private,
    'stranger.pem': stranger.cert,
    'stranger.key': stranger.private,
    'broken.pem': 'no certificate',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
  Object.assign(places, {
    plain: inject('temporalAddress'),
    tls: await withTls(server),
    mutual: await withTls(server, { requestCert: true, rejectUnauthorized: true, ca: ours.cert }),
    expired: await withTls(await certificate(ours, past)),
    silent: await listening(createServer()),
    web: await listening(createHttpServer((_, response) => response.end('hello'))),
  });
  places['numeric'] = places['tls']?.replace('localhost', '127.0.0.1') ?? '';
});
afterAll(async () => {
  for (const proxy of proxies) await proxy.stop();
  for (const server of servers) server.close();
  await rm(dir, { recursive: true });
});

async function findings(temporal: string): Promise<Finding[]> {
  const file = join(dir, `${randomUUID()}.yaml`);
  await writeFile(
    file,
    `temporal: ${temporal.replaceAll(/<(\w+)>/g, (_, name: string) => places[name] ?? '')}\ntools: [{ name: text, workflow: Text, taskQueue: nobody }]\n`,
  );
  const found: Finding[] = [];
  for await (const finding of examine(await loadGateway(file), dir, { MCP_TASKS_KEY: key })) found.push(finding);
  return found;
}

const CA = 'ca: ca.pem';
const CLIENT = 'cert: client.pem, key: client.key';

// Concurrent, because some of them end only when a connection attempt times out.
it.concurrent.each<[string, string, RegExp, RegExp]>([
  [
    'nothing listens on the port',
    '{ address: "127.0.0.1:1" }',
    /connection refused$/,
    /port: nothing is listening on port 1/,
  ],
  [
    'the host name does not exist',
    '{ address: "no-such-host.invalid" }',
    /cannot resolve the host name no-such-host\.invalid/,
    /correct the host/,
  ],
  [
    'the port never answers',
    '{ address: "<silent>" }',
    /accepts the connection but sends nothing$/,
    /check that this is the frontend/,
  ],
  [
    'the port never answers a TLS handshake',
    '{ address: "<silent>", tls: true }',
    /accepts the connection but sends nothing$/,
    /tls: false/,
  ],
  ['the server does not use gRPC', '{ address: "<web>" }', /the server there does not use gRPC$/, /correct the port/],
  ['the server requires TLS', '{ address: "<tls>" }', /it requires TLS, and this client does not use it$/, /tls: true/],
  [
    'the server requires TLS with client certificates',
    '{ address: "<mutual>" }',
    /it requires TLS, and this client does not use it$/,
    /tls: true/,
  ],
  ['the server does not use TLS', '{ address: "<plain>", tls: true }', /does not use TLS$/, /tls: false/],
  [
    'the server’s authority is not trusted',
    '{ address: "<tls>", tls: true }',
    /authority that this client does not trust/,
    /tls\.ca/,
  ],
  [
    'the server’s certificate has expired',
    `{ address: "<expired>", tls: { ${CA} } }`,
    /its certificate has expired$/,
    /renew/,
  ],
  [
    'the server’s certificate is for another name',
    `{ address: "<numeric>", tls: { ${CA} } }`,
    /its certificate is not for 127\.0\.0\.1$/,
    /tls\.serverName/,
  ],
  [
    'the client certificate is missing',
    `{ address: "<mutual>", tls: { ${CA} } }`,
    /it requires a client certificate/,
    /tls\.cert/,
  ],
  [
    'the client certificate is from another authority',
    `{ address: "<mutual>", tls: { ${CA}, cert: stranger.pem, key: stranger.key } }`,
    /rejects this client's certificate/,
    /authority that the frontend trusts/,
  ],
])(
  'says what is wrong: %s',
  async (_, temporal, what, remedy) => {
    const [first, ...others] = await findings(temporal);
    expect(first).toEqual({
      level: 'error',
      text: expect.stringMatching(/^cannot connect to Temporal at /),
      remedy: expect.stringMatching(remedy),
    });
    expect(first?.text).toMatch(what);
    expect(others.filter(({ level }) => level !== 'ok')).toEqual([]);
  },
  15_000,
);

it('says that the proxy is unreachable', async () => {
  vi.stubEnv('grpc_proxy', 'http://127.0.0.1:1');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect((await findings('{ address: "temporal.invalid:7233" }'))[0]).toEqual({
    level: 'error',
    text: 'cannot connect to Temporal at temporal.invalid:7233: the proxy did not open a connection',
    remedy: expect.stringContaining('check that the proxy'),
  });
});

it('reports an invalid certificate', async () => {
  expect(
    (await findings('{ address: "<tls>", tls: { ca: broken.pem } }')).filter(({ level }) => level === 'error'),
  ).toEqual([{ level: 'error', text: expect.stringMatching(/PEM|authority/), remedy: expect.any(String) }]);
});

it.each([
  ['TLS', `{ address: "<tls>", tls: { ${CA} } }`, '(TLS)'],
  ['a client certificate', `{ address: "<mutual>", tls: { ${CA}, ${CLIENT} } }`, '(TLS, client certificate)'],
  ['the server name in the certificate', `{ address: "<numeric>", tls: { ${CA}, serverName: localhost } }`, '(TLS)'],
  ['an API key', `{ address: "<tls>", tls: { ${CA} }, apiKey: secret }`, '(TLS, API key)'],
  ['a profile', '{ configFile: temporal.toml, profile: staging }', '(TLS, client certificate)'],
])('connects with %s', async (_, temporal, how) => {
  await writeFile(
    join(dir, 'temporal.toml'),
    `[profile.staging]\naddress = "${places['mutual']}"\n[profile.staging.tls]\nserver_ca_cert_path = "${dir}/ca.pem"\nclient_cert_path = "${dir}/client.pem"\nclient_key_path = "${dir}/client.key"\n`,
  );
  const found = await findings(temporal);
  expect(found[0]).toEqual({ level: 'ok', text: expect.stringMatching(/^Temporal 1\./) });
  expect(found[0]?.text.endsWith(how), found[0]?.text).toBe(true);
  expect(found).toContainEqual({ level: 'ok', text: expect.stringMatching(/^rights in namespace default/) });
  expect(JSON.stringify(found)).not.toContain('secret');
});

describe('if packets are dropped', () => {
  const waiting: Socket[] = [];
  let deaf: ChildProcess;
  let address: string;
  /** Starts a server that never accepts connections. Once its backlog is full, the system takes no more of them. */
  beforeAll(async () => {
    deaf = spawn(process.execPath, [
      '-e',
      "const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => { require('node:fs').writeSync(1, String(server.address().port)); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); })",
    ]);
    const [port] = (await once(deaf.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    address = `127.0.0.1:${String(port)}`;
    for (let full = false; !full;) {
      const socket = connect(Number(String(port)), '127.0.0.1');
      waiting.push(socket.on('error', () => undefined));
      full = await Promise.race([once(socket, 'connect').then(() => false), delay(500, true)]);
    }
  });
  afterAll(() => {
    for (const socket of waiting) socket.destroy();
    deaf.kill('SIGKILL');
  });

  it.concurrent.each([
    ['doctor', [], 2],
    ['init', ['--from-cluster', 'other.yaml'], 1],
  ])(
    '%s reports the timeout and exits',
    async (command, args, code) => {
      await writeFile(join(dir, 'mcp-tasks.yaml'), 'tools: [{ name: text, workflow: Text, taskQueue: nobody }]\n');
      const child = spawn(process.execPath, [main, command, ...args], {
        cwd: dir,
        env: { ...process.env, TEMPORAL_ADDRESS: address },
      });
      const [output, [ended]] = await Promise.all([
        text(command === 'doctor' ? child.stdout : child.stderr),
        once(child, 'exit'),
      ]);
      expect(output).toContain(`cannot connect to Temporal at ${address}: connection timed out`);
      expect(ended).toBe(code);
      // The calls have deadlines. The system alone would keep trying for two minutes.
    },
    30_000,
  );
});
