/** How many heartbeats a step costs Temporal, counted by a proxy in front of it. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import type { CreateWorkerOptions } from '../../src/worker/index.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { startTemporalProxy, type TemporalProxy } from '../helpers/temporal-proxy.js';

let proxy: TemporalProxy;
const heartbeats = (): number => proxy.calls.get('RecordActivityTaskHeartbeat') ?? 0;

const inputSchema = z.object({});
const silent = defineTool({ name: 'silent', inputSchema, run: async () => await Promise.resolve('done') });
const quick = defineTool({
  name: 'quick',
  inputSchema,
  async run(_, ctx) {
    for (let done = 1; done <= 100; done++) ctx.progress(done, 100);
    return await Promise.resolve('done');
  },
});
/** Reports progress until Temporal has been sent four heartbeats. */
const long = defineTool({
  name: 'long',
  inputSchema,
  async run(_, ctx) {
    for (let done = 1; heartbeats() < 4; done++) {
      ctx.progress(done);
      await delay(5, undefined, { signal: ctx.signal });
    }
    return 'done';
  },
});

describe.each<[string, Partial<CreateWorkerOptions>]>([
  ['a worker of createWorker', {}],
  // Temporal's own limit is out of the way here.
  [
    'a worker with a lower limit of its own',
    { maxHeartbeatThrottleInterval: '1 ms', defaultHeartbeatThrottleInterval: '1 ms' },
  ],
])('%s', (_, options) => {
  let stack: Stack;
  beforeAll(async () => {
    proxy = await startTemporalProxy();
    stack = await startStack([silent, quick, long], { temporal: { address: proxy.address } });
    await stack.startWorker(options);
  });
  afterAll(async () => {
    await stack.close();
    await proxy.close();
  });
  beforeEach(() => void proxy.calls.delete('RecordActivityTaskHeartbeat'));

  /** Runs a tool to its end, and returns how many heartbeats it may have sent: one at once, then one a second. */
  async function run(tool: typeof silent): Promise<number> {
    const start = performance.now();
    const { id } = await stack.tasks.engine.start({ owner: 'ann', tool, args: {}, ttl: null });
    const { outcome } = await stack.tasks.engine.result('ann', id);
    expect(outcome).toMatchObject({ kind: 'result' });
    return 1 + Math.floor((performance.now() - start) / 1_000);
  }

  it('sends none for a short step that reports nothing', async () => {
    await run(silent);
    expect(heartbeats()).toBe(0);
  });

  it('sends one for a short step, however often it reports: the other reports come with the result', async () => {
    await run(quick);
    expect(heartbeats()).toBe(1);
  });

  it('sends at most one a second for a longer step, however often it reports', async () => {
    const most = await run(long);
    expect(heartbeats()).toBeGreaterThanOrEqual(4);
    expect(heartbeats()).toBeLessThanOrEqual(most);
  });
});
