// Measures how fast tasks are created and read, with a dev server on this machine: `npm run bench`.
// The figures are from one run on one machine. Compare them with each other, not with another machine's.
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DurableTasks, defineTool } from '../dist/src/index.js';
import { createWorker } from '../dist/src/worker/index.js';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { z } from 'zod';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-bench-'));
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const quick = defineTool({ name: 'quick', inputSchema: z.object({}), run: async () => ({ ok: true }) });
const slow = defineTool({
  name: 'slow',
  inputSchema: z.object({}),
  run: async (_, ctx) => {
    ctx.progress(1, 2, 'halves');
    await new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', reject));
  },
});
const tasks = await DurableTasks.connect({ tools: [quick, slow], temporal: { dir }, logger });
const { engine } = tasks;
const start = async (tool) => await engine.start({ owner: 'bench', tool, args: {}, ttl: null });
let worker = await createWorker({ tools: [quick, slow], tasks });
let working = worker.run();
const rows = [];

try {
  for (let i = 0; i < 20; i++) await engine.result('bench', (await start(quick)).id);

  rows.push(await measure('start', 200, async () => await start(quick)));
  rows.push(await measure('start to result', 100, async () => await engine.result('bench', (await start(quick)).id)));
  const open = await start(slow);
  for await (const task of engine.watch('bench', open.id)) if (task.steps[0]?.progress) break;
  rows.push(await measure('get, running', 300, async () => await engine.get('bench', open.id)));
  const ended = await start(quick);
  await engine.result('bench', ended.id);
  rows.push(await measure('get, ended', 300, async () => await engine.get('bench', ended.id)));
  rows.push(await measure('get, running, 50 concurrent', 1000, async () => await engine.get('bench', open.id), 50));

  const many = [];
  for (let i = 0; i < 250; i += 25)
    many.push(...(await Promise.all(Array.from({ length: 25 }, async () => await start(slow)))));
  const before = heap();
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  const waits = many.map(async ({ id }) => await engine.result('bench', id, abort.signal).catch(() => undefined));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  rows.push({ what: 'heap per pending result, with 250', KiB: Math.round((heap() - before) / 250 / 1024) });
  abort.abort();
  await Promise.all(waits);
  await Promise.all(many.map(async ({ id }) => await engine.cancel('bench', id)));

  const asleep = await start(slow);
  for await (const task of engine.watch('bench', asleep.id)) if (task.steps[0]?.progress) break;
  worker.shutdown();
  await working;
  worker = undefined;
  const alone = await start(quick);
  rows.push(await measure('first get, no worker', 1, async () => await engine.get('bench', alone.id)));
  rows.push(await measure('later get, no worker', 100, async () => await engine.get('bench', alone.id)));
  console.table(rows);
} finally {
  worker?.shutdown();
  await working;
  await tasks.close();
  await rm(dir, { recursive: true, force: true });
}

function heap() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

async function measure(what, times, run, atOnce = 1) {
  const took = [];
  const begun = performance.now();
  for (let i = 0; i < times; i += atOnce) {
    await Promise.all(
      Array.from({ length: Math.min(atOnce, times - i) }, async () => {
        const from = performance.now();
        await run();
        took.push(performance.now() - from);
      }),
    );
  }
  const seconds = (performance.now() - begun) / 1000;
  took.sort((a, b) => a - b);
  const at = (share) => Number(took[Math.floor(share * (took.length - 1))].toFixed(1));
  return { what, 'p50 (ms)': at(0.5), 'p95 (ms)': at(0.95), 'per second': Math.round(times / seconds) };
}
