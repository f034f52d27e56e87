/** A request that waits for a task ends when its token expires, without the result, however it is answered. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { adapters, type Adapted } from '../helpers/adapters.js';
import { send2025, send2026, type Reply, type SendOptions } from '../helpers/raw-requests.js';
import type { Endpoint } from '../helpers/session-client.js';

const OWNER = 'token\0https://issuer.example\0ann';
const slow = defineTool({
  name: 'slow',
  inputSchema: z.object({}),
  run: async (_, { signal }) =>
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
});

/** A token that is valid for so many more seconds. */
const token = (seconds: number): SendOptions => ({
  authInfo: {
    token: 't',
    clientId: 'c',
    scopes: [],
    extra: { iss: 'https://issuer.example', sub: 'ann' },
    expiresAt: Date.now() / 1000 + seconds,
  },
});

type Ask = (at: Endpoint) => Promise<Reply>;
const waits: readonly (readonly [string, Ask])[] = [
  ['an awaited call, 2025-11-25', async (at) => await send2025(at, 'tools/call', { name: 'slow' }, token(1.5))],
  [
    'an awaited call with progress, 2025-11-25',
    async (at) => await send2025(at, 'tools/call', { name: 'slow' }, { ...token(1.5), meta: { progressToken: 1 } }),
  ],
  [
    '`tasks/result`, 2025-11-25',
    async (at) => {
      const { result } = await send2025(at, 'tools/call', { name: 'slow', task: {} }, token(60));
      return await send2025(at, 'tasks/result', { taskId: result.task.taskId }, token(1.5));
    },
  ],
];
const modern: readonly (readonly [string, Ask])[] = [
  [
    'an awaited call, 2026-07-28',
    async (at) => await send2026(at, 'tools/call', { name: 'slow' }, { ...token(1.5), capabilities: {} }),
  ],
  [
    'an awaited call with progress, 2026-07-28',
    async (at) =>
      await send2026(
        at,
        'tools/call',
        { name: 'slow' },
        { ...token(1.5), capabilities: {}, meta: { progressToken: 1 } },
      ),
  ],
];

/** An option of one adapter only. */
const json: object = { responseMode: 'json' };

describe.each([
  ['v2, streams', adapters[0][1], {}, [...waits, ...modern]],
  ['v2, JSON', adapters[0][1], json, [...waits, ...modern]],
  ['v1, streams', adapters[1][1], {}, waits],
] as const)('%s', (_, adapt, serving, asks) => {
  let adapted: Adapted;
  beforeAll(async () => {
    adapted = await adapt([slow], { fallback: 'await', pollInterval: '50 ms' }, serving);
    await adapted.stack.startWorker();
  });
  afterAll(async () => {
    const { tasks } = await adapted.stack.tasks.engine.list(OWNER);
    // Some have been cancelled with the request that waited for them.
    for (const { id, outcome } of tasks) if (!outcome) await adapted.stack.tasks.engine.cancel(OWNER, id);
    await adapted.stack.close();
  });

  it.each(asks)('%s', async (_name, ask) => {
    const { result, error } = await ask(adapted.handler);
    expect(result).toBeUndefined();
    // A stream may end without an answer; otherwise the answer says why.
    expect(error?.message ?? 'The access token expired').toContain('The access token expired');
  });
});
