/** Every stream sends its headers at once: a client that loses a connection before them may give up its session. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool } from '../../src/index.js';
import { adapters } from '../helpers/adapters.js';
import { listen, type Listening } from '../helpers/http.js';
import { send2026 } from '../helpers/raw-requests.js';
import { Session, type Endpoint } from '../helpers/session-client.js';
import type { Stack } from '../helpers/stack.js';

let proceed: () => void;
const gate = new Promise<void>((resolve) => (proceed = resolve));
const tools = [
  defineTool({
    name: 'gated',
    inputSchema: z.object({}),
    async run() {
      await gate;
      return 'done';
    },
  }),
  defineTool({ name: 'only-a-task', inputSchema: z.object({}), taskSupport: 'required', run: async () => await gate }),
];

/** Sends requests over a real connection. Its answers resolve as soon as their headers have arrived. */
const remote = ({ url }: Listening): Endpoint => ({
  fetch: async (request) =>
    await fetch(url, {
      method: request.method,
      headers: request.headers,
      ...(request.method === 'POST' ? { body: await request.text() } : {}),
    }),
});

describe.each(adapters)('%s SDK', (sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let server: Listening;
  let at: Endpoint;
  beforeAll(async () => {
    const adapted = await adapt(tools, {}, { keepAlive: false });
    ({ stack } = adapted);
    server = await listen(adapted.handler);
    at = remote(server);
    await stack.startWorker();
  });
  afterAll(async () => {
    proceed();
    await server.close();
    await stack.close();
  });

  it('of a 2025-11-25 session: its own stream, an awaited call, and tasks/result', async () => {
    const session = await Session.begin(at);
    const own = await session.listen(at);
    const call = await session.open(at, 'tools/call', { name: 'gated', arguments: {} });
    const created = await session.request(at, 'tools/call', { name: 'gated', arguments: {}, task: {} });
    const result = await session.open(at, 'tasks/result', { taskId: created.result.task.taskId });
    for (const { response } of [own, call, result]) {
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain('text/event-stream');
    }
    await Promise.all([own, call, result].map(async (stream) => await stream.drop()));
  });

  it.runIf(sdk === 'v2')('of a plain 2026-07-28 call, and errors keep their own status', async () => {
    let headers: (response: Response) => void;
    const arrived = new Promise<Response>((resolve) => (headers = resolve));
    const noting: Endpoint = {
      async fetch(request) {
        const response = await at.fetch(request);
        headers(response);
        return response;
      },
    };
    const answer = send2026(noting, 'tools/call', { name: 'gated', arguments: {} }, { capabilities: {} });
    const { status, headers: given } = await arrived;
    expect([status, given.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect((await send2026(at, 'tools/call', { name: 'only-a-task' }, { capabilities: {} })).status).toBe(400);
    proceed();
    expect((await answer).result).toMatchObject({ content: [{ text: 'done' }] });
  });
});
