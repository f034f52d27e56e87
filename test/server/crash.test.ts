/** The MCP server or Temporal itself is killed and restarted while a task runs. The task continues. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { callTool, tasksCapability } from '../../src/client/index.js';
import { key, startStack } from '../helpers/stack.js';
import { send2026, type Reply } from '../helpers/raw-requests.js';
import { inTurn, tools, waitForFile } from '../fixtures/tools.mjs';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const Loose = z.looseObject({});
let dir: string;
const processes = new Set<ChildProcess>();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-crash-'));
});
afterEach(async () => {
  await Promise.all([...processes].map(kill));
  await rm(dir, { recursive: true, force: true });
});

async function kill(child: ChildProcess): Promise<void> {
  processes.delete(child);
  const exited = once(child, 'exit');
  if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await exited;
}

async function server(taskQueue: string, port = 0): Promise<{ child: ChildProcess; url: URL }> {
  const path = fileURLToPath(new URL('../fixtures/http-server.mjs', import.meta.url));
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    MCP_TASKS_KEY: key,
    TEST_TASK_QUEUE: taskQueue,
  };
  const child = fork(path, [String(port)], { env, stdio: ['ignore', 'pipe', 'ignore', 'ipc'], execArgv: [] });
  processes.add(child);
  const [line] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  return { child, url: new URL(`http://127.0.0.1:${line.toString().trim()}/mcp`) };
}

it.each(['legacy', 'auto'] as const)(
  'a server that was killed and restarted serves the same task (%s)',
  async (mode) => {
    const stack = await startStack(tools);
    await stack.startWorker();
    const first = await server(stack.tasks.taskQueue);
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode }, capabilities: tasksCapability },
    );
    await client.connect(new StreamableHTTPClientTransport(first.url));
    const file = join(dir, 'go');
    let restarted: Promise<unknown> | undefined;
    const ids = new Set<string>();
    const result = await callTool(
      client,
      { name: 'wait_for_file', arguments: { file } },
      {
        onStatus({ taskId }) {
          ids.add(taskId);
          restarted ??= (async () => {
            await kill(first.child);
            await server(stack.tasks.taskQueue, Number(first.url.port));
            const again = await client.request({ method: 'tasks/get', params: { taskId } }, Loose);
            expect(again).toMatchObject({ taskId, status: 'working' });
            await writeFile(file, '');
          })();
        },
      },
    );
    await restarted;
    expect(result.structuredContent).toEqual({ file, attempt: 1 });
    expect(ids.size).toBe(1);
    await client.close();
    await stack.close();
  },
);

it('a call is repeated with answers at other servers, after those that asked were killed', async () => {
  const stack = await startStack([inTurn]);
  const { stop } = await stack.startWorker({ workflowsPath });
  const { taskQueue } = stack.tasks;
  const [first, second] = [await server(taskQueue), await server(taskQueue)];
  const call = async ({ url }: { url: URL }, params: object = {}): Promise<Reply> =>
    await send2026(
      {
        fetch: async (request) =>
          await fetch(url, { method: 'POST', headers: request.headers, body: await request.text() }),
      },
      'tools/call',
      { name: 'in_turn', arguments: {}, ...params },
      { capabilities: { elicitation: {} } },
    );
  const repeatOf = ({ result }: Reply, content: object): object => ({
    requestState: result.requestState,
    inputResponses: { [Object.keys(result.inputRequests)[0] as string]: { action: 'accept', content } },
  });
  const asked = await call(first);
  await kill(first.child);
  const again = await call(second, repeatOf(asked, { text: 'a' }));
  expect(Object.values(again.result.inputRequests)).toMatchObject([{ params: { message: 'Second?' } }]);
  // No worker takes the answer, so Temporal keeps it. The call waits until its server is killed.
  await stop();
  const third = await server(taskQueue, Number(first.url.port));
  const waiting = call(third, repeatOf(again, { text: 'b' })).catch(() => 'lost');
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const workflows = new TemporalClient({ connection }).workflow;
  const ids: string[] = [];
  for await (const { workflowId } of workflows.list({ query: `TaskQueue = '${taskQueue}'` })) ids.push(workflowId);
  // Both runs of one workflow.
  const [id = ''] = new Set(ids);
  expect(new Set(ids).size).toBe(1);
  await expect
    .poll(
      async () =>
        (await workflows.getHandle(id).fetchHistory()).events?.some(
          ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'mcpTaskReply',
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
  await kill(third.child);
  expect(await waiting).toBe('lost');
  await stack.startWorker({ workflowsPath });
  // Sent once more, with another answer: the first one counts.
  const last = await call(second, repeatOf(again, { text: 'changed' }));
  expect(last.result.structuredContent).toEqual({ first: 'a', second: 'b' });
  await connection.close();
  await stack.close();
});

it('a task completes after Temporal was killed and restarted on the same database', async () => {
  const [port, uiPort] = [await freePort(), await freePort()];
  const first = await temporal(port, uiPort);
  const stack = await startStack(tools, { temporal: { address: `127.0.0.1:${port}` } });
  await stack.startWorker();
  const file = join(dir, 'go');
  const { engine } = stack.tasks;
  const { id } = await engine.start({ owner: 'ann', tool: waitForFile, args: { file }, ttl: null });
  const result = engine.result('ann', id);
  for await (const task of engine.watch('ann', id)) if (task.steps[0]?.state === 'running') break;
  await kill(first);
  await expect(engine.get('ann', id)).rejects.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
  await temporal(port, uiPort);
  await writeFile(file, '');
  expect((await result).outcome).toMatchObject({ kind: 'result', result: { structuredContent: { file } } });
  await stack.close();
});

async function temporal(port: number, uiPort: number): Promise<ChildProcess> {
  const child = spawn(
    inject('temporalCli'),
    [
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--ui-port',
      String(uiPort),
      '--db-filename',
      join(dir, 'temporal.db'),
      '--log-level',
      'never',
    ],
    { stdio: 'ignore' },
  );
  processes.add(child);
  const connection = await Connection.connect({ address: `127.0.0.1:${port}`, connectTimeout: '30 seconds' });
  await connection.close();
  return child;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
