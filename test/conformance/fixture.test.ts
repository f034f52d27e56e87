/** `npm run fixture`: its tools work in both protocol versions, and it leaves nothing behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport, type ElicitResult } from '@modelcontextprotocol/client';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { callTool, tasksCapability, type TaskStatus } from '../../src/client/index.js';
import { gone, serverOf, temporaryDirectory } from '../local/support.js';

const MAIN = fileURLToPath(new URL('../../dist/test/conformance/fixture/main.js', import.meta.url));

/** Starts the fixture with temporary files below `dir`. @returns the process, its ready line and all its output */
async function start(
  dir: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ fixture: ChildProcess; line: string; output: () => string }> {
  const fixture = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      TMPDIR: dir,
      TEMPORAL_CLI_PATH: inject('temporalCli'),
      MCP_TASKS_LOG_LEVEL: 'error',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  fixture.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  fixture.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(fixture, 'exit').then(() => Promise.reject(new Error(`The fixture ended:\n${output}`)));
  const [line] = (await Promise.race([
    once(createInterface({ input: fixture.stdout as NodeJS.ReadableStream }), 'line'),
    ended,
  ])) as [string];
  ended.catch(() => undefined);
  return { fixture, line, output: () => output };
}

const urlIn = (line: string): URL => new URL(line.slice(line.indexOf('http')));

async function stop(fixture: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  fixture.kill(signal);
  return (await once(fixture, 'exit'))[0];
}

it.each(['SIGTERM', 'SIGINT'] as const)(
  'says one line when it is ready, and leaves nothing behind at %s',
  async (signal) => {
    const dir = await temporaryDirectory();
    const { fixture, line, output } = await start(dir);
    const response = await fetch(urlIn(line), { method: 'POST', headers: { origin: 'https://evil.example' } });
    expect(response.status).toBe(403);
    const temporal = serverOf(join(dir, ...(await readdir(dir)), 'temporal'));
    expect(gone(temporal)).toBe(false);
    expect(await stop(fixture, signal)).toBe(0);
    expect(gone(temporal)).toBe(true);
    expect(await readdir(dir)).toEqual([]);
    expect(output()).toBe(`${line}\n`);
  },
);

describe.each(['2025-11-25', '2026-07-28'])('in %s', (version) => {
  let fixture: ChildProcess;
  let client: Client;
  beforeAll(async () => {
    const started = await start(await temporaryDirectory(), {
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      MCP_TASKS_KEY: 'k'.repeat(32),
    });
    fixture = started.fixture;
    const capabilities = { ...tasksCapability, elicitation: { form: {} } };
    client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: version === '2026-07-28' ? { pin: version } : 'legacy' }, capabilities },
    );
    await client.connect(new StreamableHTTPClientTransport(urlIn(started.line)));
  });
  afterAll(async () => {
    await client.close();
    await stop(fixture, 'SIGTERM');
  });

  const text = (words: string) => ({ content: [{ type: 'text', text: words }] });

  it('every tool of the suite is listed, with a description', async () => {
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    const { tools } = await client.listTools();
    const suites = [
      'greet',
      'slow_compute',
      'failing_job',
      'protocol_error_job',
      'confirm_delete',
      'multi_input',
      'test_tool_with_task',
      'echo_task',
    ];
    const ordinary = [
      'test_missing_capability',
      'test_streaming_elicitation',
      'test_logging_tool',
      'test_trigger_tool_change',
    ];
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining([...suites, ...ordinary]));
    expect(tools.filter(({ description }) => !description)).toEqual([]);
  });

  it('tools answer as the suite has it', async () => {
    expect(await callTool(client, { name: 'greet', arguments: { name: 'Ann' } })).toMatchObject(text('Hello, Ann!'));
    expect(await callTool(client, { name: 'echo_task', arguments: { text: 'echo' } })).toMatchObject(text('echo'));
    expect(await callTool(client, { name: 'slow_compute', arguments: { seconds: 0, label: 'quick' } })).toMatchObject(
      text('quick: computed for 0 s'),
    );
    expect(await callTool(client, { name: 'failing_job' })).toMatchObject({ isError: true });
    await expect(callTool(client, { name: 'protocol_error_job' })).rejects.toMatchObject({ code: -32603 });
    expect(await callTool(client, { name: 'test_trigger_tool_change' })).toMatchObject(text('Told'));
  });

  it('slow_compute tells its progress, and stops when it is cancelled', async () => {
    const abort = new AbortController();
    let taskId = '';
    const onStatus = (status: TaskStatus): void => {
      ({ taskId } = status);
      if (/^[1-9].* of 600 seconds/.test(status.statusMessage ?? '')) abort.abort(new Error('enough'));
    };
    await expect(
      callTool(client, { name: 'slow_compute', arguments: { seconds: 600 } }, { signal: abort.signal, onStatus }),
    ).rejects.toThrow('enough');
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    await expect(new TemporalClient({ connection }).workflow.getHandle(taskId).result()).rejects.toMatchObject({
      cause: { name: 'CancelledFailure' },
    });
    await connection.close();
  });

  it('tools that ask take the answers', async () => {
    const accept = { action: 'accept', content: { name: 'Ann', confirm: true } } as const;
    expect(await answering(accept, 'confirm_delete', { filename: 'a.txt' })).toMatchObject(
      text('a.txt would be deleted'),
    );
    expect(await answering({ action: 'decline' }, 'confirm_delete', { filename: 'a.txt' })).toMatchObject(
      text('a.txt is kept'),
    );
    expect(await answering(accept, 'multi_input')).toMatchObject(text('Ann is sure'));
    expect(await answering(accept, 'test_tool_with_task')).toMatchObject(text('Hello, Ann!'));
  });

  /** Calls a tool, gives the same answer to every question, and returns the result. */
  async function answering(answer: ElicitResult, name: string, args = {}): Promise<unknown> {
    const call = { name, arguments: args };
    client.setRequestHandler('elicitation/create', () => answer);
    if (version === '2026-07-28')
      return await callTool(client, call, { onInput: async () => await Promise.resolve({ ...answer }) });
    const created = await client.request(
      { method: 'tools/call', params: { ...call, task: {} } },
      z.looseObject({ task: z.looseObject({ taskId: z.string() }) }),
    );
    return await client.request({ method: 'tasks/result', params: { taskId: created.task.taskId } }, z.looseObject({}));
  }
});
