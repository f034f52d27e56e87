/** Programs as tools of a gateway file. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { callTool, tasksCapability } from '../../src/client/index.js';
import { loadGateway } from '../../src/gateway/load.js';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const run = promisify(execFile);

let dir: string;
const processes = new Set<ChildProcess>();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-commands-'));
});
afterEach(async () => {
  for (const child of processes) {
    const exited = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGTERM')) await exited;
  }
  processes.clear();
  await rm(dir, { recursive: true, force: true });
});

const file = async (text: string): Promise<string> => {
  const path = join(dir, 'mcp-tasks.yaml');
  await writeFile(path, text);
  return path;
};

const problemsOf = async (tool: string): Promise<string> =>
  await loadGateway(await file(`tools:\n${tool.replaceAll(/^/gm, '  ')}`)).then(
    () => '',
    (error: Error) => error.message,
  );

it('the whole of a tool is read from the file, and its secrets stay references', async () => {
  const { tools } = await loadGateway(
    await file(`
tools:
  - name: build_models
    description: Builds the models
    input: { properties: { select: { type: string }, full: { type: boolean } } }
    command: [dbt, build, --select, "{select}", { if: full, add: --full-refresh }, --threads, 4]
    resume: [dbt, retry]
    resumeIf: target/run_results.json
    cleanup: [dbt, clean]
    cwd: ./warehouse
    env: { DBT_PASSWORD: "\${MCP_TASKS_NOT_SET_HERE}" }
    progress: { json: { current: data.index, total: data.total, message: data.description } }
    exit: { partial: [1], permanent: [2] }
    stop: { signal: SIGINT, grace: 30 seconds }
    outputs: [target/run_results.json]
    result: target/run_results.json
    key: "{cwd}"
    log: { bytes: 1000000, keep: 1 day }
    retry: { maximumAttempts: 9 }
    timeouts: { startToClose: 3 days, heartbeat: 20 seconds }
`),
  );
  expect(tools).toMatchObject([
    {
      name: 'build_models',
      taskQueue: 'mcp-tasks-commands',
      retry: { maximumAttempts: 9 },
      timeouts: { startToClose: '3 days', heartbeat: '20 seconds' },
      work: { kind: 'function', command: { key: expect.any(Function), cleanup: expect.any(Function) } },
    },
  ]);
});

describe('check reports', () => {
  it.each([
    ['neither kind', '- name: a\n  taskQueue: q', 'To run a program instead, set `command`'],
    ['both kinds', '- { name: a, workflow: w, command: [x], taskQueue: q }', 'remove one of them'],
    ['fields of the other kind', '- { name: a, command: [x], status: { query: q } }', 'does not have status'],
    ['fields of programs', '- { name: a, workflow: w, taskQueue: q, cwd: x }', 'only a tool with `command` has cwd'],
    [
      'unknown placeholders',
      '- name: a\n  command: [x, "{sleect}"]\n  input: { properties: { select: {} } }',
      'did you mean {select}?',
    ],
    [
      'a program that an argument chooses',
      '- name: a\n  command: ["{p}"]\n  input: { properties: { p: {} } }',
      'an argument cannot choose it',
    ],
    [
      'patterns that take too long',
      '- { name: a, command: [x], progress: { regex: "(?<current>a)(?=b)" } }',
      'linear time',
    ],
    ['patterns without groups', '- { name: a, command: [x], progress: { regex: "a" } }', 'name the groups'],
    ['a command line in one text', '- { name: a, command: dbt build }', 'command: expected a list'],
    ['outputs elsewhere', '- { name: a, command: [x], outputs: [../y] }', 'within the working directory'],
  ])('%s', async (_, tool, message) => {
    expect(await problemsOf(tool)).toContain(message);
  });
});

it('doctor finds programs and their versions, folders and variables', async () => {
  const path = await file(`
temporal: { address: "${inject('temporalAddress')}" }
tools:
  - { name: here, command: [node, -e, ""] }
  - { name: none, command: [no-such-program-of-ours], cwd: ./nowhere, env: { A: "\${MCP_TASKS_NOT_SET_HERE}" } }
`);
  const { stdout } = await run(process.execPath, [MAIN, 'doctor', path]).catch((error: { stdout: string }) => error);
  expect(stdout).toMatch(/ok +tool here: node is \/\S+ \(v\d+/);
  expect(stdout).toMatch(/error +tool none: the program no-such-program-of-ours was not found/);
  expect(stdout).toMatch(/error +tool none: its cwd \S+nowhere is not a folder/);
  expect(stdout).toMatch(/warning +tool none: the variable MCP_TASKS_NOT_SET_HERE is not set/);
});

it('serve --worker serves a file, and its worker, a process of its own, runs the program', async () => {
  const queue = `commands-${process.pid}-${Date.now()}`;
  const path = await file(`
temporal: { address: "${inject('temporalAddress')}" }
tools:
  - name: note
    input: { properties: { text: { type: string } } }
    command: [node, -e, "require('fs').writeFileSync('out.txt', process.argv[1] + process.env.SECRET + process.ppid)", "{text}"]
    env: { SECRET: "\${MCP_TASKS_TEST_SECRET}" }
    outputs: [out.txt]
    taskQueue: ${queue}
`);
  const child = spawn(process.execPath, [MAIN, 'serve', path, '--worker', '--port', '0', '--dir', join(dir, 'state')], {
    env: { ...process.env, MCP_TASKS_TEST_SECRET: 'hunter2', MCP_TASKS_KEY: randomBytes(32).toString('hex') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  await expect.poll(() => output).toMatch(/http:\/\/\S+\/mcp/);
  const url = /http:\/\/\S+?\/mcp/.exec(output)?.[0] ?? '';
  const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities: tasksCapability });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const result = await callTool(client, { name: 'note', arguments: { text: 'hello ' } });
  expect(JSON.stringify(result)).toContain('node is done (exit code 0, attempt 1)');
  expect(await readFile(join(dir, 'out.txt'), 'utf8')).toMatch(/^hello hunter2\d+$/);
  await client.close();
});
