// Measures what one owner's subscriptions cost everybody else: the time of another owner's `tasks/get`, with no
// subscriptions and with 20 subscriptions to 100 idle tasks each. `npm run bench:watch` prints a table; `-- --json FILE`
// also writes it as JSON. The rounds alternate, so that the ratios hold on a machine that does other things as well.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { z } from 'zod';
import { DurableTasks, defineTool } from '../dist/src/index.js';
import { createWorker } from '../dist/src/worker/index.js';

const { values: args } = parseArgs({
  options: { json: { type: 'string' }, rounds: { type: 'string', default: '5' } },
});
const ROUNDS = Number(args.rounds);
const SUBSCRIPTIONS = 20;
const TASKS = 100;
/** Reads per round. */
const READS = 150;
/** How long a round's subscriptions are open before the reads begin, in milliseconds. */
const SETTLE = 5_000;
const VERSION = '2026-07-28';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
Runtime.install({ logger: new DefaultLogger('ERROR') });
const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-bench-'));
const key = randomBytes(32).toString('hex');
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const tool = defineTool({ name: 'idle', inputSchema: z.object({}), workflow: 'idle' });
const tasks = await DurableTasks.connect({ tools: [tool], key, temporal: { dir }, logger });
const worker = await createWorker({ tools: [tool], tasks, workflowsPath: here('fixtures/idle.mjs') });
const working = worker.run();
const server = fork(here('fixtures/server.mjs'), {
  env: { ...process.env, BENCH_KEY: key, BENCH_TEMPORAL: tasks.temporal.address },
});

try {
  const [{ url }] = await once(server, 'message');
  const [mine] = await start('ann', 1);
  const ids = await start('bob', SUBSCRIPTIONS * TASKS);
  await asleep('ann', mine);
  for (const id of ids.slice(-10)) await asleep('bob', id);
  await reads(url, mine, READS);

  /** The task IDs of each subscription, by situation. */
  const situations = {
    'no subscriptions': [],
    '20 subscriptions to the same 100 tasks': Array.from({ length: SUBSCRIPTIONS }, () => ids.slice(0, TASKS)),
    '20 subscriptions to 100 tasks each': Array.from({ length: SUBSCRIPTIONS }, (_, number) =>
      ids.slice(number * TASKS, (number + 1) * TASKS),
    ),
  };
  const took = Object.fromEntries(Object.keys(situations).map((name) => [name, []]));
  const busy = Object.fromEntries(Object.keys(situations).map((name) => [name, []]));
  const opening = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, subscriptions] of Object.entries(situations)) {
      const begun = performance.now();
      const open = [];
      for (const taskIds of subscriptions) open.push(await listen(url, taskIds));
      if (open.length > 0) opening[name] = [...(opening[name] ?? []), performance.now() - begun];
      await delay(SETTLE);
      const before = await processorTime();
      await delay(SETTLE);
      busy[name].push(((await processorTime()) - before) / SETTLE);
      took[name].push(...(await reads(url, mine, READS)));
      for (const close of open) close();
      await delay(SETTLE);
    }
  }
  const idle = at(took['no subscriptions'], 0.5);
  const rows = Object.entries(took).map(([what, times]) => ({
    what,
    'p50 (ms)': rounded(at(times, 0.5)),
    'p95 (ms)': rounded(at(times, 0.95)),
    'p50 / idle p50': rounded(at(times, 0.5) / idle),
    'server, without reads (% of a core, median)': Math.round(100 * at(busy[what], 0.5)),
    'opened within (ms, median)': what in opening ? Math.round(at(opening[what], 0.5)) : undefined,
  }));
  console.log(`another owner's tasks/get, one at a time, ${ROUNDS} rounds of ${READS} reads each`);
  console.table(rows);
  if (args.json) await writeFile(args.json, `${JSON.stringify({ node: process.version, rows }, undefined, 2)}\n`);
} finally {
  if (server.connected) server.disconnect();
  worker.shutdown();
  await working;
  await tasks.close();
  await rm(dir, { recursive: true, force: true });
}

/** The engine's name for an owner whom the server's rule calls `name`. */
function idOf(name) {
  return `rule\0${name}`;
}

async function start(owner, number) {
  const started = [];
  for (let done = 0; done < number; done += 10) {
    const batch = Array.from({ length: Math.min(10, number - done) }, async () => await startOne(owner));
    started.push(...(await Promise.all(batch)));
  }
  return started;
}

/** Repeats a start that a busy machine did not answer in time. */
async function startOne(owner) {
  for (;;) {
    try {
      return (await tasks.engine.start({ owner: idOf(owner), tool, args: {}, ttl: null })).id;
    } catch (error) {
      if (error.code !== 'TEMPORAL_UNAVAILABLE') throw error;
    }
  }
}

async function asleep(owner, id) {
  for await (const { message } of tasks.engine.watch(idOf(owner), id)) if (message === 'asleep') return;
}

async function send(url, owner, method, params, signal) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': VERSION,
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '0' },
    'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
  };
  return await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${owner}`,
      'mcp-protocol-version': VERSION,
      'mcp-method': method,
      ...(params.taskId ? { 'mcp-name': params.taskId } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
    ...(signal ? { signal } : {}),
  });
}

async function reads(url, taskId, number) {
  const times = [];
  for (let done = 0; done < number; done++) {
    const from = performance.now();
    const text = await (await send(url, 'ann', 'tasks/get', { taskId })).text();
    times.push(performance.now() - from);
    if (!text.includes('asleep')) throw new Error(`unexpected answer: ${text}`);
  }
  return times;
}

/** Returns the processor time that the server has used, in milliseconds. */
async function processorTime() {
  server.send({});
  const [{ used }] = await once(server, 'message');
  return used;
}

/** Opens a subscription. Resolves, once the state of all its tasks has arrived, with the function that closes it. */
async function listen(url, taskIds) {
  const abort = new AbortController();
  const response = await send(url, 'bob', 'subscriptions/listen', { notifications: { taskIds } }, abort.signal);
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    const text = await response.text();
    if (!text.includes('"retryable":true')) throw new Error(`refused: ${text}`);
    return await listen(url, taskIds);
  }
  const decoder = new TextDecoder();
  let text = '';
  let seen = 0;
  await new Promise((resolve, reject) => {
    const read = async () => {
      for await (const chunk of response.body) {
        text += decoder.decode(chunk, { stream: true });
        const parts = text.split('"notifications/tasks"');
        seen += parts.length - 1;
        text = parts.at(-1).slice(-30);
        if (seen >= taskIds.length) resolve();
      }
      reject(new Error('the subscription ended'));
    };
    read().catch((error) => (abort.signal.aborted ? resolve() : reject(error)));
  });
  return () => abort.abort();
}

function at(times, share) {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))];
}

function rounded(number) {
  return Number(number.toFixed(2));
}
