/** What a gateway file may contain, and the errors for an invalid one. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { gatewayJsonSchema } from '../../src/gateway/config.js';
import { connectionsOf } from '../../src/gateway/connection.js';
import { serveGateway } from '../../src/gateway/index.js';
import { checkGateway, gatewayOf, loadGateway } from '../../src/gateway/load.js';
import { reference } from '../../src/gateway/reference.js';
import { resolveTemporalTarget } from '../../src/temporal/connection/target.js';
import { send2025, send2026, type Reply } from '../helpers/raw-requests.js';
import { key, silent } from '../helpers/stack.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-gateway-'));
  await writeFile(join(dir, 'own.txt'), 'text');
  await writeFile(join(dir, 'empty.mjs'), 'export const codec = {};');
  await writeFile(join(dir, 'failing.mjs'), "throw new Error('no key');");
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => await rm(dir, { recursive: true, force: true }));

async function load(text: string | Buffer, env: NodeJS.ProcessEnv = {}) {
  await writeFile(join(dir, 'mcp-tasks.yaml'), text);
  return await checkGateway(join(dir, 'mcp-tasks.yaml'), env);
}
/** Returns the problems of an invalid file as `line:column: message`. */
async function problems(text: string | Buffer, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const error = await load(text, env).then(
    () => expect.fail('the file was taken'),
    (reason: unknown) => reason as Error,
  );
  return error.message.split('\n').map((line) => line.replace(`${join(dir, 'mcp-tasks.yaml')}:`, ''));
}

const EIGHT_LINES = `tools:
  - name: nightly_load
    description: Loads a day's orders into the warehouse
    workflow: NightlyLoad
    taskQueue: etl
    input:
      properties: { date: { type: string, format: date } }
      required: [date]
`;

describe('a valid file', () => {
  it('can define a tool in eight lines', async () => {
    const { tools } = await load(EIGHT_LINES);
    expect(tools).toMatchObject([
      {
        name: 'nightly_load',
        taskQueue: 'etl',
        taskSupport: 'optional',
        work: { workflowType: 'NightlyLoad', existing: { mapping: {} } },
      },
    ]);
    const { validate, jsonSchema } = tools[0]!.inputSchema['~standard'];
    expect(jsonSchema.input({ target: 'draft-2020-12' })).toMatchObject({ type: 'object', required: ['date'] });
    expect(await validate({ date: '2026-01-31' })).toEqual({ value: { date: '2026-01-31' } });
    expect(await validate({ date: 'tomorrow' })).toMatchObject({
      issues: [{ path: ['date'], message: expect.stringContaining('date') }],
    });
    expect(await validate({})).toMatchObject({ issues: [{ message: expect.stringContaining('date') }] });
  });

  it('takes schemas from files next to it, and values outside schemas from the environment', async () => {
    await writeFile(join(dir, 'in.json'), '{"properties":{"table":{"type":"string","const":"${1}"}}}');
    await writeFile(join(dir, 'out.yaml'), 'type: object\n');
    const { tools, files, config } = await load(
      'temporal: { address: "${HOST}:7233" }\ntaskQueue: q$${x}\ntools:\n- { name: a, workflow: A, input: in.json, output: out.yaml }\n- { name: b, workflow: B, input: { properties: { c: { const: "${HOST}" } } } }',
      { HOST: 'temporal.example' },
    );
    expect(config).toMatchObject({ temporal: { address: 'temporal.example:7233' }, taskQueue: 'q${x}' });
    expect(tools[0]!.outputSchema!['~standard'].jsonSchema.output({ target: 'draft-2020-12' })).toEqual({
      type: 'object',
    });
    expect(tools[1]!.inputSchema['~standard'].jsonSchema.input({ target: 'draft-2020-12' })).toMatchObject({
      properties: { c: { const: '${HOST}' } },
    });
    expect(files).toEqual(['mcp-tasks.yaml', 'in.json', 'out.yaml'].map((name) => join(dir, name)));
  });

  it('may use all of YAML: anchors, merge keys, a byte order mark, Windows line breaks', async () => {
    const { tools } = await load(
      '\uFEFFtaskQueue: q\r\ntools:\r\n- &a { name: a, workflow: A, input: &i { properties: { b: { type: string } } } }\r\n- { <<: *a, name: b }\r\n- { name: c, workflow: C, input: *i }\r\n',
    );
    expect(
      tools.map(({ name, work, taskQueue }) => [name, work.kind === 'workflow' && work.workflowType, taskQueue]),
    ).toEqual([
      ['a', 'A', 'q'],
      ['b', 'A', 'q'],
      ['c', 'C', 'q'],
    ]);
  });

  it('ignores the trailing line break of values that come from files', async () => {
    const { config } = await load(
      'temporal: { apiKey: "${KEY}" }\ntaskQueue: ${QUEUE}\ntools:\n- { name: a, workflow: A }',
      { KEY: 'k\r\n', QUEUE: 'etl\n' },
    );
    expect(config).toMatchObject({ temporal: { apiKey: 'k' }, taskQueue: 'etl' });
    expect(
      (await gatewayOf({ temporal: { apiKey: ' k\n' }, taskQueue: 'q', tools: [{ name: 'a', workflow: 'A' }] }, dir))
        .config,
    ).toMatchObject({ temporal: { apiKey: 'k' } });
  });

  it('accepts schemas with references, and arguments that are not direct properties', async () => {
    const { tools } = await load(
      'taskQueue: q\ntools:\n- { name: a, workflow: A, args: [b], input: { $ref: "#/$defs/in", $defs: { in: { $anchor: x, properties: { b: { $ref: "#x" } } } } } }',
    );
    expect(await tools[0]!.inputSchema['~standard'].validate({ b: {} })).toEqual({ value: { b: {} } });
  });

  it('may name a profile for a namespace, which then takes nothing from the main connection', async () => {
    const loaded = await gatewayOf(
      {
        temporal: { address: 'a:1', apiKey: 'k' },
        namespaces: { b: { profile: 'b' }, c: { address: 'c:1' } },
        taskQueue: 'q',
        tools: [{ name: 'a', workflow: 'A' }],
      },
      dir,
    );
    const { optionsFor } = await connectionsOf(loaded, undefined);
    expect(optionsFor(undefined)).toEqual({ address: 'a:1', apiKey: 'k' });
    expect(optionsFor('b')).toMatchObject({
      namespace: 'b',
      profile: 'b',
      address: undefined,
      apiKey: undefined,
      environment: false,
    });
    expect(optionsFor('c')).toEqual({ namespace: 'c', address: 'c:1', apiKey: 'k' });
  });

  it.each(['profile: b', 'configFile: b.toml'])(
    'does not use the environment’s connection for a namespace with its own %s',
    async (own) => {
      await writeFile(join(dir, 'b.toml'), '[profile.default]\naddress = "b:1"\n[profile.b]\naddress = "b:1"\n');
      for (const [name, value] of Object.entries({
        CONFIG_FILE: join(dir, 'b.toml'),
        ADDRESS: 'a:1',
        NAMESPACE: 'a',
        API_KEY: 'k',
        TLS_SERVER_NAME: 'a',
        GRPC_META_AUTHORIZATION: 'Bearer k',
      }))
        vi.stubEnv(`TEMPORAL_${name}`, value);
      const { optionsFor } = await connectionsOf(
        await load(`namespaces: { b: { ${own} } }\ntaskQueue: q\ntools:\n- { name: a, workflow: A, namespace: b }`),
        undefined,
      );
      const { namespace, connectionOptions } = await resolveTemporalTarget(optionsFor('b'));
      expect({ namespace, connectionOptions }).toEqual({ namespace: 'b', connectionOptions: { address: 'b:1' } });
      expect((await resolveTemporalTarget(optionsFor('c'))).connectionOptions).toMatchObject({
        address: 'a:1',
        apiKey: 'k',
      });
    },
  );

  it('needs an address for the whole gateway, not only for individual namespaces', async () => {
    vi.stubEnv('TEMPORAL_ADDRESS', '');
    const loaded = await gatewayOf(
      { namespaces: { b: { address: 'b:1' } }, taskQueue: 'q', tools: [{ name: 'a', workflow: 'A', namespace: 'b' }] },
      dir,
    );
    await expect(connectionsOf(loaded, undefined)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('only individual namespaces have an address: set `temporal.address`'),
    });
    vi.stubEnv('TEMPORAL_ADDRESS', 'a:1');
    expect((await connectionsOf(loaded, undefined)).optionsFor('b')).toEqual({ namespace: 'b', address: 'b:1' });
  });

  it('lists an output schema with properties as an object schema, and wraps others in `result` for 2025-11-25', async () => {
    const output = { properties: { rows: { type: 'integer' } } };
    const tools = [
      { name: 'object', workflow: 'A', output: { schema: output } },
      { name: 'list', workflow: 'A', output: { schema: { type: 'array' } } },
    ];
    const gateway = await serveGateway(
      { temporal: { address: '127.0.0.1:1' }, taskQueue: 'q', tools },
      { key, logger: silent },
    );
    const listed = ({ result }: Reply): unknown[] =>
      result.tools.map(({ outputSchema }: { outputSchema: unknown }) => outputSchema);
    expect(listed(await send2025(gateway.handler(), 'tools/list', {}))).toEqual([
      { type: 'object', ...output },
      { type: 'object', properties: { result: { type: 'array' } }, required: ['result'] },
    ]);
    expect(listed(await send2026(gateway.handler(), 'tools/list', {}))).toEqual([
      { type: 'object', ...output },
      { type: 'array' },
    ]);
    await gateway.close();
  });

  it('may be given as an object', async () => {
    const config = { taskQueue: 'q', tools: [{ name: 'a', workflow: 'A' }] };
    expect((await gatewayOf(config, dir)).tools).toMatchObject([{ name: 'a', work: { existing: { args: [] } } }]);
    await expect(gatewayOf({ tools: [{ name: 'a b' }] }, dir)).rejects.toThrow(
      /tools\.0\.name: .*\ntools\.0\.workflow: "workflow" is missing/,
    );
  });
});

describe('an invalid file', () => {
  it('reports all problems at once, each with its place and what to write instead', async () => {
    const text = `taskqueue: etl
tools:
  - name: nightly load
    workflow: NightlyLoad
    taskQueue: etl
    ttl: soon
    status: { message: step }
  - name: b
    taskQueue: etl
    inputs:
      approval: { when: /x, message: Sure?, schema: {} }
`;
    expect(await problems(text)).toEqual([
      expect.stringMatching(/^1:1: unknown key "taskqueue": did you mean "taskQueue"\?/),
      expect.stringMatching(/^3:11: name: use 1 to 128 letters/),
      expect.stringMatching(/^6:10: ttl: must be a duration such as '30 seconds', '5m' or '24h' \(ttl: How long/),
      expect.stringMatching(/^7:13: "query" is missing \(query: A query that the workflow handles/),
      expect.stringMatching(/^7:24: message: write a JSON pointer/),
      expect.stringMatching(/^8:5: "workflow" is missing \(workflow: The workflow type\)/),
      expect.stringMatching(/^11:17: .*either `update: name` or `signal: name`/),
    ]);
  });

  it.each([
    ['tools: []', '1:8: tools: must not be empty: add at least one entry'],
    ['', '1:1: "tools" is missing'],
    ['- tools', '1:1: the file: expected a mapping (key: value)'],
    ['tools: { name: a }', '1:8: tools: expected a list (each entry starts with "- ")'],
    ['taskQueue: 7\ntools:\n- { name: a, workflow: A }', '1:12: taskQueue: expected text, in quotes'],
    ['limits: { requestBytes: 2 MB }\ntools:\n- { name: a, workflow: A }', 'requestBytes: expected a number'],
    ['limits: { streams: 50 }\ntools:\n- { name: a, workflow: A }', 'streams: expected a mapping (key: value)'],
    ['taskQueue: q\ntools:\n- name: a\n  workflow: A\n  input:', '5:9: input: no value: write one, or remove "input"'],
    [
      'taskQueue: q\ntools:\n- name: a\n  workflow: A\n  input: |\n    properties: {}\n    required: [a]',
      '5:10: input: expected the path of a schema file',
    ],
    [
      'taskQueue: q\ntools:\n- { name: a, workflow: A, retries: 3 }',
      '3:27: unknown key "retries"; known keys: name, title,',
    ],
    [
      'taskQueue: q\ntools:\n- { name: a, workflow: A, output: { schema: { type: object, properties: { b: c } } } }',
      '3:78: "b" must be a JSON Schema',
    ],
    [
      'taskQueue: q\ntools:\n- { name: a, workflow: A, queue: b }',
      '3:27: unknown key "queue": did you mean "taskQueue"?',
    ],
    ['temporal: { codec: { auth: a } }\ntools: []', '1:20: "endpoint" is missing'],
    ['tools: [', '1:9: the closing ] or } is missing'],
    ['taskQueue: q\ntools:\n\t- name: a', '3:1: tabs cannot indent: use spaces'],
    ['tools:\n  - name: a\n   workflow: A', '3:1: wrong indentation'],
    ['tools:\n  - name: a\n    workflow: A\n     taskQueue: q', '3:15: wrong indentation'],
    ['taskQueue: q\r\ntaskQueue: r\r\ntools: []', '2:1: duplicate key'],
    [
      'tools:\n- { name: a, workflow: A, taskQueue: q, description: *b }',
      '2:54: this *alias has no anchor: define it earlier as &name',
    ],
    [
      'taskQueue: q\ntools: &t\n- { name: a, workflow: A, input: { properties: *t } }',
      '3:48: too many aliases, or an alias inside its own anchor',
    ],
    ['taskQueue: !etl q\ntools: []', '1:12: unknown tag (!…)'],
    ['tools: []\n---\ntools: []', '2:1: only one YAML document is allowed'],
    ['taskQueue: "q" 1', '1:16: invalid YAML'],
    [Buffer.from('\uFEFFtools: []', 'utf16le'), '1:1: not UTF-8 text'],
    ['tools:\n- { name: a, workflow: A }', '2:3: tool "a" has no task queue'],
    ['taskQueue: q\ntools:\n- { name: a, workflow: A }\n- { name: a, workflow: B }', '4:11: two tools are named "a"'],
    ['taskQueue: ${QUEUE}\ntools:\n- { name: a, workflow: A }', '1:12: the environment variable QUEUE is not set'],
    [
      'taskQueue: ${QUEUE:-q}\ntools:\n- { name: a, workflow: A }',
      '1:12: ${…} must hold the name of an environment variable',
    ],
    ['temporal: { address: http://a:1 }\ntools: []', '1:22: address: it must not be a URL. Write host and port'],
    ['temporal: { codec: { endpoint: a:1 } }\ntools: []', '1:32: endpoint: write an http or https URL'],
    [
      'temporal: { tls: { cert: own.pem } }\ntaskQueue: q\ntools:\n- { name: a, workflow: A }',
      '1:18: `cert` and `key` go together',
    ],
    [
      'temporal: { tls: { ca: none.pem } }\ntaskQueue: q\ntools:\n- { name: a, workflow: A }',
      '1:24: cannot read none.pem: no such file',
    ],
    [
      'temporal: { tls: { ca: own.txt } }\ntaskQueue: q\ntools:\n- { name: a, workflow: A }',
      '1:24: own.txt is not a PEM file',
    ],
    [
      'temporal: { configFile: . }\ntaskQueue: q\ntools:\n- { name: a, workflow: A }',
      '1:25: cannot read .: it is a directory',
    ],
    [
      'namespaces: { n: { dataConverter: none.mjs } }\ntaskQueue: q\ntools:\n- { name: a, workflow: A }',
      '1:35: cannot read none.mjs',
    ],
    [
      'temporal: { dataConverter: failing.mjs }\ntaskQueue: q\ntools:\n- { name: a, workflow: A }',
      '1:28: cannot import failing.mjs: no key',
    ],
    [
      'temporal: { dataConverter: empty.mjs }\ntaskQueue: q\ntools:\n- { name: a, workflow: A }',
      '1:28: empty.mjs does not export a data converter: make it the default export',
    ],
    [
      'handleAfter: 30 days\ntaskQueue: q\ntools:\n- { name: a, workflow: A }',
      '1:14: handleAfter: must be at most 24 days',
    ],
    [
      'ttl: 24\ntaskQueue: q\ntools:\n- { name: a, workflow: A }',
      "1:6: ttl: needs a unit: write '24 hours' or '24 seconds', whichever you mean (ttl: How long tasks",
    ],
    [
      'taskQueue: q\ntools:\n- { name: a, workflow: A, ttl: "24" }',
      "3:32: ttl: needs a unit: write '24 hours' or '24 seconds', whichever you mean (ttl: How long the task",
    ],
    [
      'taskQueue: q\ntools:\n- { name: a, workflow: A, timeouts: { execution: 0, run: 0 s } }',
      "3:50: execution: must be greater than 0, such as '30 seconds'",
    ],
    [
      'taskQueue: q\ntools:\n- { name: a, workflow: A, retry: { initialInterval: 1000 } }',
      "3:53: initialInterval: needs a unit: write '1000 ms'",
    ],
    [
      'taskQueue: q\ntools:\n- { name: a, workflow: A, retry: { maximumInterval: } }',
      '3:53: maximumInterval: no value: write one, or remove "maximumInterval"',
    ],
    [
      'taskQueue: q\ntools:\n- { name: a, workflow: A, fallback: handle, taskSupport: forbidden }',
      '3:37: `fallback: handle` needs tasks',
    ],
    ['taskQueue: q\ntools:\n- { name: a, workflow: A, input: none.json }', '3:34: cannot read none.json'],
    [
      'taskQueue: q\ntools:\n- { name: a, workflow: A, input: { type: array } }',
      '3:34: arguments are always an object',
    ],
    [
      'taskQueue: q\ntools:\n- { name: a, workflow: A, input: { properties: { b: {} } }, args: [c] }',
      '3:67: "c" is not an argument of this tool; those are: b',
    ],
    ['taskQueue: q\ntools:\n- { name: a, workflow: A, idempotencyKey: "{date}" }', '3:43: "date" is not an argument'],
    [
      'taskQueue: q\ntools:\n- { name: a, workflow: A, output: { type: object } }',
      '3:37: unknown key "type": put the JSON Schema under `schema`',
    ],
    [
      'taskQueue: q\ntools:\n- name: a\n  workflow: A\n  inputs: { b: { when: "", message: m, update: u, schema: { properties: { c: { type: object } } } } }',
      '5:16: no query shows whether this question is open: set `query`',
    ],
    [
      `taskQueue: q\ntools:\n- name: a\n  workflow: A\n  inputs:\n    b: { query: x, when: "", message: m, update: u, args: [d], schema: { properties: { c: { type: string } } } }`,
      '6:59: "d" is not a field of the answer; those are: c',
    ],
    [
      `taskQueue: q\ntools:\n- name: a\n  workflow: A\n  inputs:\n    b: { query: x, when: "", message: m, update: u, schema: { properties: { c: { type: bool } } } }`,
      '6:88: "bool" is not a JSON Schema type',
    ],
  ])('reports the problem in %j', async (text, message) => {
    expect((await problems(text))[0]).toContain(message);
  });

  it('reports the mistakes in schemas together with all others', async () => {
    await writeFile(join(dir, 'typo.json'), '{ "type": "objekt" }');
    const text = `taskQueue: q
tools:
- { name: a b, workflow: A, input: { properties: { c: { type: int } } } }
- { name: b, workflow: B, onTtl: stop, output: { schema: { type: text } } }
- { name: c, workflow: C, input: typo.json, output: { tpye: object } }
- { name: d, workflow: D, inputs: { e: { schema: { properties: { f: { type: bool } } } } } }
- { name: e, workflow: E, input: "type: object\\nproperties: {}", output: [] }
- text
`;
    const found = await problems(text);
    const lines = (pattern: RegExp) => found.filter((one) => pattern.test(one)).map((one) => Number.parseInt(one, 10));
    expect(lines(/is not a JSON Schema type/)).toEqual([3, 4, 5, 6]);
    expect(lines(/typo\.json:1:11: "objekt"/)).toEqual([5]);
    expect(new Set(lines(/./))).toEqual(new Set([3, 4, 5, 6, 7, 8]));
    // The text is reported once, and not as the name of a file that cannot be read.
    expect(lines(/cannot read/)).toEqual([]);
    const { files } = await loadGateway(join(dir, 'mcp-tasks.yaml')).catch((error: { files: string[] }) => error);
    expect(files).toEqual([join(dir, 'mcp-tasks.yaml'), join(dir, 'typo.json')]);
  });

  it.each<[string, string, string]>([
    ['a property without a schema', 'properties: { date: string }', '2:21: "date" must be a JSON Schema'],
    [
      'an unknown type',
      'properties: { a: { type: int } }',
      '2:26: "int" is not a JSON Schema type; those are: string, number, integer',
    ],
    [
      'an unknown type in a list',
      'items: { anyOf: [{ type: [string, date] }] }',
      '2:26: "date" is not a JSON Schema type',
    ],
    ['an invalid pattern', 'properties: { a: { pattern: "(" } }', '2:29: not a valid JavaScript regular expression'],
    [
      'an invalid pattern for property names',
      'patternProperties: { "[": {} }',
      '2:27: not a valid JavaScript regular expression',
    ],
    [
      'a pattern with a lookahead',
      'properties: { a: { pattern: "^(?=b)" } }',
      '2:29: this pattern cannot be matched in linear time because of the lookahead (?=b)',
    ],
    [
      'a pattern with a backreference for property names',
      'patternProperties: { "(a)\\\\1": {} }',
      '2:32: this pattern cannot be matched in linear time because of the backreference',
    ],
    [
      'a reference that leads back to itself',
      'allOf: [{ $ref: "#" }]',
      '1:1: "#" leads back to itself without going into a property or an item',
    ],
    ['a reference to nothing', 'properties: { a: { $ref: "#/$defs/b" } }', '2:26: this schema has no "#/$defs/b"'],
    ['a reference to a file', 'properties: { a: { $ref: b.json } }', '2:26: this schema has no "b.json"'],
    [
      'a property that declares itself required',
      'properties: { a: { required: true } }',
      '2:30: "required" must be a list of property names',
    ],
    ['an enum that is not a list', 'properties: { a: { enum: b } }', '2:26: "enum" must be a list'],
  ])('reports a schema with %s and its place in the schema file', async (_, schema, problem) => {
    await writeFile(join(dir, 'wrong.yaml'), `$schema: https://json-schema.org/draft/2020-12/schema\n${schema}\n`);
    expect(await problems('taskQueue: q\ntools:\n- { name: a, workflow: A, output: { schema: wrong.yaml } }')).toEqual([
      expect.stringContaining(`3:45: wrong.yaml:${problem}`),
    ]);
  });

  it('does not fail a reload because of the connection’s files', async () => {
    const text = 'temporal: { tls: { ca: none.pem } }\ntaskQueue: q\ntools:\n- { name: a, workflow: A }';
    expect(await problems(text)).toHaveLength(1);
    expect((await loadGateway(join(dir, 'mcp-tasks.yaml'))).tools).toHaveLength(1);
  });

  it.each<[string, string, string]>([
    ['apiKey', 'apiKey: ${SECRET}', 'hush-hush\nx'],
    ['auth', 'codec: { endpoint: "http://c", auth: "${SECRET}" }', 'Bearer “hush-hush”'],
    ['endpoint', 'codec: { endpoint: "${SECRET}" }', 'https://user:hush-hush@codec.example'],
    ['key', 'tls: { key: "${SECRET}" }', '-----BEGIN PRIVATE KEY-----\nhush-hush'],
    ['address', 'address: "${SECRET}"', 'hush-hush 1'],
    ['this .alias', 'apiKey: *hush-hush', ''],
    ['.{4} must', 'apiKey: ${hush-hush}', ''],
    ['.{4} must', `apiKey: "\${${'hush_hush'.repeat(8)}}"`, ''],
  ])('reports an invalid %s without repeating its value', async (name, line, secret) => {
    const told = await problems(`temporal:\n  ${line}\ntaskQueue: q\ntools:\n- { name: a, workflow: A }`, {
      SECRET: secret,
    });
    expect(told).toEqual([expect.stringMatching(`^2:\\d+: ${name}`)]);
    expect(told[0]).not.toMatch(/hush.hush/);
  });

  it('if it is missing, the error says how to create one', async () => {
    await expect(loadGateway(join(dir, 'missing.yaml'))).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('Create one with `mcp-tasks-temporal init missing.yaml`'),
    });
  });
});

it.each(['tools.mjs', 'tools.js', 'tools.ts'])('a module such as %s is not parsed as YAML', async (name) => {
  await writeFile(join(dir, name), 'export default [];');
  await expect(checkGateway(join(dir, name))).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining(
      `expected a gateway file (YAML), not a JavaScript or TypeScript module. \`check\` and \`doctor\` only read gateway files; to run the module's tools, use \`mcp-tasks-temporal serve ${name}\`.`,
    ),
  });
});

it('the published JSON Schema and the reference are current: npm run build && node scripts/write-schema.mjs', async () => {
  const published = async (name: string): Promise<string> =>
    await readFile(new URL(`../../${name}`, import.meta.url), 'utf8');
  expect(JSON.parse(await published('mcp-tasks.schema.json'))).toEqual(gatewayJsonSchema());
  expect((await published('docs/gateway.md')).split('<!-- reference -->\n\n')[1]).toBe(reference());
});
