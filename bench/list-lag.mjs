// Measures how long after its start a task appears in `tasks/list` at another replica, which knows it only from
// Temporal's visibility store: `npm run bench:list`. Uses its own dev server, or the Temporal configured in the
// environment (TEMPORAL_ADDRESS, …).
// Temporal answers about ten list requests a second in a namespace, so the benchmark lists every 100 ms. For a task
// found by the first request, the lag is the duration of that request.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DurableTasks, defineTool } from '../dist/src/index.js';
import { createWorker } from '../dist/src/worker/index.js';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { z } from 'zod';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const INTERVAL = 100;
const TIMES = 50;
const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-bench-'));
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const tool = defineTool({ name: 'quick', inputSchema: z.object({}), run: async () => ({ ok: true }) });
const connect = async () => await DurableTasks.connect({ tools: [tool], temporal: { dir }, logger });
const [here, elsewhere] = [await connect(), await connect()];
// Without a worker, reading a task takes half a second, which would distort the store's lag.
const worker = await createWorker({ tools: [tool], tasks: here });
const working = worker.run();
const run = Date.now();
const start = async (owner) => await here.engine.start({ owner, tool, args: {}, ttl: null });
const rows = [];

try {
  rows.push(await measure('no other tasks'));
  const load = keepBusy(50);
  try {
    rows.push(await measure('with 50 other tasks at a time'));
  } finally {
    rows.push({ what: 'those other tasks', 'per second': await load.stop() });
  }
  console.table(rows);
} finally {
  worker.shutdown();
  await working;
  await Promise.all([here.close(), elsewhere.close()]);
  await rm(dir, { recursive: true, force: true });
}

async function measure(what) {
  const lags = [];
  let atOnce = 0;
  for (let i = 0; i < TIMES; i++) {
    // Use a separate owner for each task, so that each list contains one task.
    const owner = `${run} ${what} ${i}`;
    const { id } = await start(owner);
    const from = performance.now();
    for (let requests = 1; ; requests++) {
      const sent = performance.now();
      const { tasks } = await elsewhere.engine.list(owner);
      if (tasks.some((task) => task.id === id)) {
        if (requests === 1) atOnce++;
        break;
      }
      await delay(Math.max(0, INTERVAL - (performance.now() - sent)));
    }
    lags.push(performance.now() - from);
  }
  lags.sort((a, b) => a - b);
  const at = (share) => Math.round(lags[Math.floor(share * (lags.length - 1))]);
  return {
    what,
    'p50 (ms)': at(0.5),
    'p95 (ms)': at(0.95),
    'max (ms)': at(1),
    'in the first list (%)': Math.round((100 * atOnce) / TIMES),
  };
}

/** Keeps `atOnce` tasks running until stopped. `stop()` returns how many completed per second. */
function keepBusy(atOnce) {
  const over = new AbortController();
  let done = 0;
  const begun = performance.now();
  const lanes = Array.from({ length: atOnce }, async () => {
    while (!over.signal.aborted) {
      await here.engine.result('load', (await start('load')).id);
      done++;
    }
  });
  return {
    async stop() {
      over.abort();
      await Promise.all(lanes);
      return Math.round((1000 * done) / (performance.now() - begun));
    },
  };
}
