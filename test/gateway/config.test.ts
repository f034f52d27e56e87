/** What a gateway's file may say, and what is said of one that is wrong. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayJsonSchema } from '../../src/gateway/config.js';
import { gatewayOf, loadGateway } from '../../src/gateway/load.js';
import { reference } from '../../src/gateway/reference.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-gateway-'));
});
afterAll(async () => await rm(dir, { recursive: true, force: true }));

async function load(text: string, env: NodeJS.ProcessEnv = {}) {
  await writeFile(join(dir, 'mcp-tasks.yaml'), text);
  return await loadGateway(join(dir, 'mcp-tasks.yaml'), env);
}
/** The problems as `line:column: message`. */
async function problems(text: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const error = await load(text, env).then(() => expect.fail('the file was taken'), (reason: unknown) => reason as Error);
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

describe('a file', () => {
  it('of eight lines makes a tool', async () => {
    const { tools } = await load(EIGHT_LINES);
    expect(tools).toMatchObject([{ name: 'nightly_load', taskQueue: 'etl', taskSupport: 'optional', work: { workflowType: 'NightlyLoad', existing: { mapping: {} } } }]);
    const { validate, jsonSchema } = tools[0]!.inputSchema['~standard'];
    expect(jsonSchema.input({ target: 'draft-2020-12' })).toMatchObject({ type: 'object', required: ['date'] });
    expect(await validate({ date: '2026-01-31' })).toEqual({ value: { date: '2026-01-31' } });
    expect(await validate({ date: 'tomorrow' })).toMatchObject({ issues: [{ path: ['date'], message: expect.stringContaining('date') }] });
    expect(await validate({})).toMatchObject({ issues: [{ message: expect.stringContaining('date') }] });
  });

  it('takes schemas from files beside it, and values from the environment, but for what is in a schema', async () => {
    await writeFile(join(dir, 'in.json'), '{"properties":{"table":{"type":"string","pattern":"^a${1}$"}}}');
    await writeFile(join(dir, 'out.yaml'), 'type: object\n');
    const { tools, files, config } = await load(
      'temporal: { address: "${HOST}:7233" }\ntaskQueue: q$${x}\ntools:\n- { name: a, workflow: A, input: in.json, output: out.yaml }\n- { name: b, workflow: B, input: { properties: { c: { const: "${HOST}" } } } }',
      { HOST: 'temporal.example' },
    );
    expect(config).toMatchObject({ temporal: { address: 'temporal.example:7233' }, taskQueue: 'q${x}' });
    expect(tools[0]!.outputSchema!['~standard'].jsonSchema.output({ target: 'draft-2020-12' })).toEqual({ type: 'object' });
    expect(tools[1]!.inputSchema['~standard'].jsonSchema.input({ target: 'draft-2020-12' })).toMatchObject({ properties: { c: { const: '${HOST}' } } });
    expect(files).toEqual(['mcp-tasks.yaml', 'in.json', 'out.yaml'].map((name) => join(dir, name)));
  });

  it('may be an object instead', async () => {
    const config = { taskQueue: 'q', tools: [{ name: 'a', workflow: 'A' }] };
    expect((await gatewayOf(config, dir)).tools).toMatchObject([{ name: 'a', work: { existing: { args: [] } } }]);
    await expect(gatewayOf({ tools: [{ name: 'a b' }] }, dir)).rejects.toThrow(/tools\.0\.name: .*\ntools\.0\.workflow: "workflow" is missing/);
  });
});

describe('of a wrong file', () => {
  it('everything that is wrong is told at once, with its place and what to write instead', async () => {
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
      expect.stringMatching(/^1:1: unknown key "taskqueue"; known here are: temporal, namespaces, taskQueue, /),
      expect.stringMatching(/^3:11: name: use 1 to 128 letters/),
      expect.stringMatching(/^6:10: ttl: write a duration such as "30 seconds"/),
      expect.stringMatching(/^7:13: "query" is missing \(query: A query of the workflow's own/),
      expect.stringMatching(/^7:24: message: write a JSON pointer/),
      expect.stringMatching(/^8:5: "workflow" is missing \(workflow: The workflow's type\)/),
      expect.stringMatching(/^11:17: .*either `update: name` or `signal: name`/),
    ]);
  });

  it.each([
    ['tools: []', '1:8: tools: Too small'],
    ['', '1:1: "tools" is missing'],
    ['tools: [', '1:9: Flow sequence'],
    ['tools:\n- { name: a, workflow: A }', '2:3: tool "a" has no task queue'],
    ['taskQueue: q\ntools:\n- { name: a, workflow: A }\n- { name: a, workflow: B }', '4:11: two tools are named "a"'],
    ['taskQueue: ${QUEUE}\ntools:\n- { name: a, workflow: A }', '1:12: the environment has no variable QUEUE'],
    ['taskQueue: q\ntools:\n- { name: a, workflow: A, input: none.json }', '3:34: none.json cannot be read'],
    ['taskQueue: q\ntools:\n- { name: a, workflow: A, input: { type: array } }', '3:34: arguments are an object'],
    ['taskQueue: q\ntools:\n- { name: a, workflow: A, input: { properties: { b: {} } }, args: [c] }', '3:67: "c" is not an argument of this tool; those are: b'],
    ['taskQueue: q\ntools:\n- { name: a, workflow: A, idempotencyKey: "{date}" }', '3:43: "date" is not an argument'],
    ['taskQueue: q\ntools:\n- { name: a, workflow: A, output: { type: object } }', '3:37: unknown key "type"; known here are: schema, part'],
    ['taskQueue: q\ntools:\n- name: a\n  workflow: A\n  inputs: { b: { when: "", message: m, update: u, schema: { properties: { c: { type: object } } } } }', '5:16: say which query'],
  ])('%s', async (text, message) => {
    expect((await problems(text))[0]).toContain(message);
  });

  it('that is missing, it is said how to get one', async () => {
    await expect(loadGateway(join(dir, 'missing.yaml'))).rejects.toMatchObject({ code: 'CONFIGURATION', message: expect.stringContaining('mcp-tasks-temporal init') });
  });
});

it('the published JSON Schema and the reference are current: npm run build && node scripts/write-schema.mjs', async () => {
  const published = async (name: string): Promise<string> => await readFile(new URL(`../../${name}`, import.meta.url), 'utf8');
  expect(JSON.parse(await published('mcp-tasks.schema.json'))).toEqual(gatewayJsonSchema());
  expect((await published('docs/gateway.md')).split('<!-- reference -->\n\n')[1]).toBe(reference());
});
