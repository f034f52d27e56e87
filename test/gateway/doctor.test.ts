/** `doctor` on real servers: its findings and its exit code. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as body } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import proto, { type temporal } from '@temporalio/proto';
import type Long from 'long';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { examine, type Finding } from '../../src/gateway/doctor/index.js';
import type { GatewayConfigInput } from '../../src/gateway/index.js';
import { gatewayOf } from '../../src/gateway/load.js';
import { key } from '../helpers/stack.js';
import { startProxy, type Proxy } from '../helpers/grpc-proxy.js';
import { startPlainWorker } from '../helpers/gateway.js';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const taskQueue = `plain-${randomUUID()}`;
const text = { name: 'text', workflow: 'Text' };
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startPlainWorker(taskQueue);
});
afterAll(async () => await stop());

async function findings(
  config: Partial<GatewayConfigInput> = {},
  env: NodeJS.ProcessEnv = { MCP_TASKS_KEY: key },
  dir = '.mcp-tasks',
): Promise<Finding[]> {
  const loaded = await gatewayOf(
    { temporal: { address: inject('temporalAddress') }, taskQueue, tools: [text], ...config },
    '.',
  );
  const found: Finding[] = [];
  for await (const finding of examine(loaded, dir, env)) found.push(finding);
  return found;
}
const bad = async (config: Partial<GatewayConfigInput>): Promise<Finding[]> =>
  (await findings(config)).filter(({ level }) => level !== 'ok');

it('finds no problems if there are none', async () => {
  expect(await findings()).toEqual([
    { level: 'ok', text: expect.stringMatching(/^Temporal 1\.\d+\.\d+ at (localhost|127)\S+ \(no TLS\)$/) },
    {
      level: 'ok',
      text: 'namespace default keeps closed workflows for 24 hours, less than the longest ttl that a call may request (30 days)',
      remedy: expect.stringContaining('longestTtl: 24 hours'),
    },
    { level: 'ok', text: expect.stringMatching(/^namespace default: arguments and results up to/) },
    { level: 'ok', text: 'rights in namespace default: this role may start, read, cancel, list and count workflows' },
    {
      level: 'ok',
      text: expect.stringMatching(
        `^task queue ${taskQueue} \\(text\\): 1 worker, last seen \\S+ (second|minute)s? ago$`,
      ),
    },
    {
      level: 'ok',
      text: expect.stringContaining('long polls'),
      remedy: expect.stringContaining('frontend.namespaceCount'),
    },
  ]);
});

describe('reports', () => {
  const approval = { when: '', message: 'Go on?', schema: {}, query: 'stage' };
  it.each<[string, Partial<GatewayConfigInput>, Finding['level'], RegExp]>([
    [
      'a retention that is too short for the ttl',
      { ttl: '3 days' },
      'warning',
      /24 hours, less than the ttl of tasks \(3 days\)/,
    ],
    [
      'a retention that is too short for the ttl of a tool',
      { tools: [{ ...text, ttl: '3 days' }] },
      'warning',
      /less than the ttl/,
    ],
    [
      'a retention that is too short, even next to a tool without a ttl',
      {
        tools: [
          { ...text, ttl: '3 days' },
          { ...text, name: 'other', ttl: null },
        ],
      },
      'warning',
      /less than the ttl of tasks \(3 days\)/,
    ],
    [
      'a longest ttl beyond the retention',
      { longestTtl: '36 hours' },
      'warning',
      /24 hours, less than the longest ttl that a call may request \(36 hours\)/,
    ],
    ['task queues without workers', { taskQueue: 'nobody' }, 'error', /task queue nobody \(text\): no worker/],
    [
      'schemas that are too large',
      { tools: [{ ...text, output: { schema: { description: 'x'.repeat(70_000) } } }] },
      'warning',
      /tool text: the schemas .* are 70\d\d\d bytes/,
    ],
  ])('%s', async (_, config, level, message) => {
    expect(await bad(config)).toEqual([{ level, text: expect.stringMatching(message), remedy: expect.any(String) }]);
  });

  it.each<[string, object, string]>([
    ['a status', { status: { query: 'stage' } }, 'start, read, cancel, list, count and query'],
    [
      'questions that an update answers',
      { inputs: { approval: { ...approval, update: 'approve' } } },
      'start, read, cancel, list, count, query and update',
    ],
    [
      'questions that a signal answers',
      { inputs: { approval: { ...approval, signal: 'release' } } },
      'start, read, cancel, list, count, query and signal',
    ],
    ['confirm', { confirm: true }, 'start, read, cancel, list, count, query, update, signal and work on'],
    ['onTtl', { onTtl: 'cancel' }, 'start, read, cancel, list, count and work on'],
  ])('the rights that %s needs', async (_, tool, rights) => {
    expect(await findings({ tools: [{ ...text, ...tool }] })).toContainEqual({
      level: 'ok',
      text: `rights in namespace default: this role may ${rights} workflows`,
    });
  });

  it.each<[string, Partial<GatewayConfigInput>, string]>([
    ['onTtl', { onTtl: 'cancel' }, 'start, read, cancel, list, count and work on'],
    ['deleteExpired', { deleteExpired: true }, 'start, read, cancel, list, count, work on, schedule and delete'],
  ])('the rights that %s of the file needs', async (_, config, rights) => {
    expect(await findings(config)).toContainEqual({
      level: 'ok',
      text: `rights in namespace default: this role may ${rights} workflows`,
    });
  });

  it.each<[string, NodeJS.ProcessEnv, string, Partial<GatewayConfigInput>?]>([
    ['missing', {}, 'MCP_TASKS_KEY is not set'],
    [
      'missing, with no tool in the connection’s own namespace',
      {},
      'MCP_TASKS_KEY is not set',
      { tools: [{ ...text, namespace: 'default' }] },
    ],
    ['too short', { MCP_TASKS_KEY: 'short' }, 'MCP_TASKS_KEY: the key has 5 characters; it needs at least 32'],
  ])('a key that is %s', async (_, env, message, config = {}) => {
    const found = await findings(config, env);
    expect(found[0]).toEqual({ level: 'error', text: expect.stringContaining(message), remedy: expect.any(String) });
    expect(found).toContainEqual({ level: 'ok', text: expect.stringContaining('1 worker') });
  });

  it('a missing namespace, without further checks in it', async () => {
    expect(await bad({ tools: [{ ...text, namespace: 'nowhere' }] })).toEqual([
      {
        level: 'error',
        text: expect.stringMatching(/^namespace nowhere: .*not found/i),
        remedy: expect.stringContaining('namespace create nowhere'),
      },
    ]);
  });

  it('an unreachable cluster and a missing certificate, and checks the other namespaces anyway', async () => {
    const tools = [
      { ...text, name: 'far', namespace: 'far' },
      { ...text, name: 'bare', namespace: 'bare' },
      { ...text, name: 'near', namespace: 'default' },
    ];
    const found = await findings({
      namespaces: { far: { address: '127.0.0.1:1' }, bare: { tls: { ca: 'no-such.pem' } } },
      tools,
    });
    expect(found.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        text: 'cannot connect to Temporal at 127.0.0.1:1: connection refused',
        remedy: expect.stringContaining('nothing is listening on port 1'),
      },
      {
        level: 'error',
        text: expect.stringMatching(/^the connection of namespace bare: .*no-such\.pem/),
        remedy: expect.any(String),
      },
    ]);
    expect(found).toContainEqual({
      level: 'ok',
      text: expect.stringContaining(`task queue ${taskQueue} (near): 1 worker`),
    });
  });

  it.each<[string, NonNullable<GatewayConfigInput['namespaces']>]>([
    ['an address', { far: { address: '127.0.0.1:1' } }],
    ['a profile', { far: { profile: 'far' } }],
  ])('once that only a namespace has %s, and starts no dev server', async (_, namespaces) => {
    const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-doctor-'));
    onTestFinished(async () => await rm(dir, { recursive: true }));
    onTestFinished(() => void vi.unstubAllEnvs());
    await writeFile(join(dir, 'temporal.toml'), '[profile.far]\naddress = "127.0.0.1:1"\n');
    vi.stubEnv('TEMPORAL_CONFIG_FILE', join(dir, 'temporal.toml'));
    vi.stubEnv('TEMPORAL_ADDRESS', '');
    const tools = [
      { ...text, name: 'near', namespace: 'near' },
      { ...text, name: 'far', namespace: 'far' },
    ];
    const found = await findings({ temporal: {}, namespaces, tools }, {}, join(dir, 'dev'));
    expect(found.filter(({ level }) => level !== 'ok')).toEqual([
      {
        level: 'error',
        text: expect.stringMatching(
          /^the connection: only individual namespaces have an address: set `temporal\.address`/,
        ),
        remedy: expect.any(String),
      },
    ]);
    expect(existsSync(join(dir, 'dev'))).toBe(false);
  });

  it.each<[string, object, object, RegExp]>([
    ['confirm', { confirm: true }, {}, /^confirm or onTtl \(text\)/],
    ['onTtl', { onTtl: 'cancel' }, {}, /^confirm or onTtl \(text\)/],
    ['deleteExpired', {}, { deleteExpired: true }, /^deleteExpired: cannot load/],
  ])('a worker for `%s` that cannot be loaded', async (_, tool, settings, message) => {
    vi.doMock('../../src/worker/index.js', () => {
      throw new Error('no native parts');
    });
    onTestFinished(() => vi.doUnmock('../../src/worker/index.js'));
    expect(await bad({ ...settings, tools: [{ ...text, ...tool }] })).toEqual([
      {
        level: 'error',
        text: expect.stringMatching(message),
        remedy: expect.stringContaining('npm install @temporalio/worker'),
      },
    ]);
  });
});

describe('reports about another server', () => {
  const {
    workflowservice: { v1: service },
    enums: { v1: enums },
  } = proto.temporal.api;
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await startProxy();
  });
  afterAll(async () => await proxy.stop());

  async function foundAt(answers: Proxy['answers'], config: Partial<GatewayConfigInput> = {}): Promise<Finding[]> {
    for (const method of Object.keys(proxy.answers)) delete proxy.answers[method];
    Object.assign(proxy.answers, answers);
    return await bad({ temporal: { address: proxy.address }, ...config });
  }
  const ago = (seconds: number) => ({ seconds: Math.round(Date.now() / 1_000 - seconds) as unknown as Long });
  const polledBy = (pollers: temporal.api.taskqueue.v1.IPollerInfo[], more: object = {}): Proxy['answers'] => ({
    DescribeTaskQueue: service.DescribeTaskQueueResponse.encode(
      service.DescribeTaskQueueResponse.create({ pollers, ...more }),
    ).finish(),
  });
  const denied = { status: 7, message: 'Request unauthorized.' };
  const version = (buildId: string) => ({ deploymentName: 'etl', buildId });
  const versioned = (buildId: string) => ({
    identity: buildId,
    lastAccessTime: ago(1),
    deploymentOptions: {
      ...version(buildId),
      workerVersioningMode: enums.WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED,
    },
  });

  it.each<[string, () => Proxy['answers'], Finding['level'], RegExp, RegExp]>([
    [
      'workers that have stopped',
      () =>
        polledBy([
          { identity: 'a', lastAccessTime: ago(240) },
          { identity: 'b', lastAccessTime: ago(120) },
        ]),
      'error',
      /no worker polls it any more; the last poll was 2 minutes ago$/,
      /start its workers.*clock is ahead/,
    ],
    [
      'a clock that is slow',
      () => polledBy([{ identity: 'a', lastAccessTime: ago(-62) }]),
      'warning',
      /clock is at least 1 minute behind/,
      /NTP/,
    ],
    [
      'worker versions of which none is current',
      () => polledBy([versioned('v1')]),
      'error',
      /no version is current/,
      /set-current-version/,
    ],
    [
      'a current version without workers',
      () => polledBy([versioned('v1')], { versioningInfo: { currentDeploymentVersion: version('v2') } }),
      'error',
      /the current version is etl\.v2, which has no worker/,
      /set-current-version/,
    ],
    [
      'an old server',
      () => ({
        GetSystemInfo: service.GetSystemInfoResponse.encode(
          service.GetSystemInfoResponse.create({ serverVersion: '1.26.2' }),
        ).finish(),
      }),
      'error',
      /^server 1\.26\.2 does not report/,
      /upgrade/,
    ],
    [
      'a server that does not report its version',
      () => ({ GetSystemInfo: denied }),
      'warning',
      /did not report its version: Request unauthorized/,
      /API key/,
    ],
    [
      'a namespace that this role may not describe',
      () => ({ DescribeNamespace: denied }),
      'warning',
      /this role may not read its retention and limits/,
      /24 hours/,
    ],
    [
      'a namespace that cannot be described at the moment',
      () => ({ DescribeNamespace: { status: 14, message: 'no host' } }),
      'warning',
      /could not read its retention and limits: no host/,
      /again/,
    ],
    [
      'a small payload limit',
      () => ({
        DescribeNamespace: service.DescribeNamespaceResponse.encode(
          service.DescribeNamespaceResponse.create({
            namespaceInfo: { limits: { blobSizeLimitError: 1_000 as unknown as Long } },
          }),
        ).finish(),
      }),
      'warning',
      /payloads are limited to 1000 bytes/,
      /limit\.blobSize\.error/,
    ],
    [
      'missing rights',
      () => ({ StartWorkflowExecution: denied, GetWorkflowExecutionHistoryReverse: denied }),
      'error',
      /this role may not start and read workflows \(StartWorkflowExecution, GetWorkflowExecutionHistoryReverse\): Request unauthorized\.$/,
      /give this client a role/,
    ],
    [
      'a right that cannot be determined',
      () => ({ ListWorkflowExecutions: { status: 14, message: 'no host' } }),
      'warning',
      /could not determine whether this role may list workflows \(ListWorkflowExecutions\): no host$/,
      /run doctor again/,
    ],
    [
      'a call that the server does not know',
      () => ({ GetWorkflowExecutionHistoryReverse: { status: 12, message: 'unknown method' } }),
      'warning',
      /whether this role may read workflows \(GetWorkflowExecutionHistoryReverse\): unknown method$/,
      /upgrade/,
    ],
  ])('%s', async (_, answers, level, message, remedy) => {
    expect(await foundAt(answers())).toEqual([
      { level, text: expect.stringMatching(message), remedy: expect.stringMatching(remedy) },
    ]);
  });

  it.each(['UpdateWorkflowExecution', 'PollWorkflowExecutionUpdate'])(
    'a missing right to %s, if a tool needs it',
    async (call) => {
      const update = {
        ...text,
        inputs: { approval: { when: '', message: 'Go on?', schema: {}, query: 'stage', update: 'approve' } },
      };
      expect(await foundAt({ [call]: denied }, { tools: [update] })).toMatchObject([
        { level: 'error', text: expect.stringContaining(`may not update workflows (${call})`) },
      ]);
      expect(await foundAt({ [call]: denied })).toEqual([]);
    },
  );

  it('a missing right to count, unless running tasks are not limited', async () => {
    const answers = { CountWorkflowExecutions: denied };
    expect(await foundAt(answers)).toEqual([
      {
        level: 'warning',
        text: expect.stringMatching(
          /this role may not count workflows \(CountWorkflowExecutions\): Request unauthorized\.$/,
        ),
        remedy: expect.stringMatching(/^allow this call\. Without it, the limit `runningTasks` counts only the tasks/),
      },
    ]);
    expect(await foundAt(answers, { limits: { runningTasks: false } })).toEqual([]);
    expect(await foundAt({ ...answers, ListWorkflowExecutions: denied })).toMatchObject([
      { level: 'error', text: expect.stringContaining('may not list workflows (ListWorkflowExecutions)') },
      { level: 'warning', text: expect.stringContaining('may not count workflows') },
    ]);
  });

  it('a missing right to describe the namespace, if `confirm` needs its worker', async () => {
    const unseen = { level: 'warning', text: expect.stringContaining('retention and limits') };
    expect(await foundAt({ DescribeNamespace: denied }, { tools: [{ ...text, confirm: true }] })).toMatchObject([
      unseen,
      { level: 'error', text: expect.stringContaining('may not work on workflows (DescribeNamespace)') },
    ]);
    expect(await foundAt({ DescribeNamespace: denied })).toMatchObject([unseen]);
  });

  it('a missing namespace that this role may not describe', async () => {
    const [, ...found] = await foundAt({ DescribeNamespace: denied }, { tools: [{ ...text, namespace: 'nowhere' }] });
    expect(found[0]).toEqual({
      level: 'warning',
      text: expect.stringMatching(
        /could not determine whether this role may start, read, cancel, list and count .*namespace nowhere is not found/i,
      ),
      remedy: 'run doctor again',
    });
  });

  it('no problem if the current version has workers, whatever other versions exist', async () => {
    expect(
      await foundAt(
        polledBy([versioned('v1'), versioned('v2')], { versioningInfo: { currentDeploymentVersion: version('v2') } }),
      ),
    ).toEqual([]);
  });

  it('that a role without any rights probably lacks credentials', async () => {
    const calls = [
      'GetSystemInfo',
      'DescribeNamespace',
      'DescribeTaskQueue',
      'StartWorkflowExecution',
      'DescribeWorkflowExecution',
      'GetWorkflowExecutionHistory',
      'GetWorkflowExecutionHistoryReverse',
      'RequestCancelWorkflowExecution',
      'ListWorkflowExecutions',
      'CountWorkflowExecutions',
    ];
    const found = await foundAt(Object.fromEntries(calls.map((call) => [call, denied])));
    expect(found).toContainEqual({
      level: 'error',
      text: expect.stringContaining('may not start, read, cancel, list and count workflows'),
      remedy: expect.stringMatching(/^this client has no rights here: check the API key or client certificate/),
    });
  });

  it('a client that the server does not accept', async () => {
    expect(await foundAt({ GetSystemInfo: { status: 16, message: 'invalid token' } })).toEqual([
      {
        level: 'error',
        text: expect.stringMatching(/rejected this client: invalid token$/),
        remedy: expect.stringContaining('API key'),
      },
    ]);
  });
});

describe('reports about payload encoding', () => {
  const codec = createServer((request, response) => {
    void (async () => {
      const sent = await body(request);
      if (request.url?.startsWith('/closed')) response.statusCode = 403;
      response.end(
        request.url === '/other/decode'
          ? JSON.stringify({
              payloads: [
                {
                  metadata: { encoding: Buffer.from('json/plain').toString('base64') },
                  data: Buffer.from('{}').toString('base64'),
                },
              ],
            })
          : sent,
      );
    })();
  });
  const converter = fileURLToPath(new URL('../fixtures/data-converter.mjs', import.meta.url));
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => codec.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(codec.address() as AddressInfo).port}`;
  });
  afterAll(() => codec.close());

  it.each<[string, () => GatewayConfigInput['temporal'], Finding['level'], RegExp]>([
    [
      'a codec server',
      () => ({ codec: { endpoint: `${url}/open` } }),
      'ok',
      /^codec server \S+\/open: encoded and decoded a test payload$/,
    ],
    [
      'a codec server that rejects the authorization',
      () => ({ codec: { endpoint: `${url}/closed`, auth: 'Bearer secret' } }),
      'error',
      /^codec server \S+\/closed: .*HTTP 403/,
    ],
    [
      'a codec server that is unreachable',
      () => ({ codec: { endpoint: 'http://127.0.0.1:65535' } }),
      'error',
      /^codec server http:\/\/127\.0\.0\.1:65535: .*ECONNREFUSED/,
    ],
    [
      'a codec server that returns other payloads',
      () => ({ codec: { endpoint: `${url}/other` } }),
      'error',
      /decoded its own test payload to something else$/,
    ],
    [
      'a codec server whose URL contains a token',
      () => ({ codec: { endpoint: 'http://127.0.0.1:65535/?token=secret' } }),
      'error',
      /^codec server http:\/\/127\.0\.0\.1:65535\/: /,
    ],
    [
      'a data converter',
      () => ({ dataConverter: converter }),
      'ok',
      /^data converter .*data-converter\.mjs: encoded and decoded a test payload$/,
    ],
  ])('%s', async (_, temporal, level, message) => {
    const found = await findings({ temporal: { address: inject('temporalAddress'), ...temporal() } });
    expect(found).toContainEqual(expect.objectContaining({ level, text: expect.stringMatching(message) }));
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it.each<[string, () => GatewayConfigInput['temporal'], RegExp]>([
    [
      'a codec server',
      () => ({ codec: { endpoint: `${url}/open` } }),
      /^codec server \S+\/open: encoded and decoded a test payload$/,
    ],
    [
      'a data converter',
      () => ({ dataConverter: converter }),
      /^data converter .*data-converter\.mjs: encoded and decoded a test payload$/,
    ],
  ])('%s configured for the connection’s own namespace by name', async (_, said, message) => {
    expect(await findings({ namespaces: { default: said() ?? {} } })).toContainEqual({
      level: 'ok',
      text: expect.stringMatching(message),
    });
  });

  it('a data converter that cannot be imported', async () => {
    const found = await findings({ temporal: { address: inject('temporalAddress'), dataConverter: './no-such.mjs' } });
    expect(found[0]).toEqual({
      level: 'error',
      text: expect.stringMatching(/^the connection: .*no-such\.mjs/),
      remedy: expect.any(String),
    });
  });
});

describe('the exit code is that of the worst finding:', () => {
  const file = (config: object): string => JSON.stringify({ taskQueue, tools: [text], ...config });
  it.each([
    ['ok', file({}), 0, /^ok {7}Temporal/],
    ['a warning', file({ ttl: '3 days' }), 1, /^ok {7}Temporal/],
    ['an error', file({ ttl: '3 days', taskQueue: 'nobody' }), 2, /^ok {7}Temporal/],
    ['an invalid file', 'tools:\n- { name: x }\n', 2, /^error {4}mcp-tasks\.yaml:2:3: "workflow" is missing/],
  ])('%s', async (_, yaml, code, output) => {
    const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-doctor-'));
    await writeFile(join(dir, 'mcp-tasks.yaml'), yaml);
    const ended = await new Promise<{ code: number | null; stdout: string }>((resolve) => {
      const child = execFile(
        process.execPath,
        [main, 'doctor'],
        { cwd: dir, env: { ...process.env, TEMPORAL_ADDRESS: inject('temporalAddress'), MCP_TASKS_KEY: key } },
        (__, stdout) => resolve({ code: child.exitCode, stdout }),
      );
    });
    expect(ended.stdout).toMatch(output);
    expect(ended.code).toBe(code);
    await rm(dir, { recursive: true });
  });
});
