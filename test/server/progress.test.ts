/** A client that sent a progress token gets every report that was kept, in order, before the answer. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { step, type StepContext } from '../../src/activity/index.js';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool, ToolError } from '../../src/index.js';
import type { Task } from '../../src/task/task.js';
import { adapters } from '../helpers/adapters.js';
import { send2025, send2026, type Reply, type SendOptions } from '../helpers/raw-requests.js';
import { Session, type Endpoint, type Incoming, type Message } from '../helpers/session-client.js';
import type { Stack } from '../helpers/stack.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));

async function report(ctx: StepContext, from: number, pause: number): Promise<void> {
  for (let done = from + 1; done <= from + 3; done++) {
    ctx.progress(done, 6, 'parts');
    await delay(pause);
  }
}

const tools = [
  defineTool({
    name: 'short',
    inputSchema: z.object({ pause: z.number(), fails: z.boolean().default(false) }),
    async run({ pause, fails }, ctx) {
      await report(ctx, 0, pause);
      if (fails) throw new ToolError('no');
      return 'done';
    },
  }),
  defineTool({
    name: 'busy',
    inputSchema: z.object({}),
    async run(_, ctx) {
      for (let done = 1; done <= 1000; done++) ctx.progress(done);
      return await Promise.resolve('done');
    },
  }),
  defineTool({ name: 'steps', inputSchema: z.object({}), workflow: 'shortSteps' }),
  defineTool({ name: 'bytes', inputSchema: z.object({}), workflow: 'countBytes' }),
];
const activities = {
  short: step(async (from: number, ctx) => {
    await report(ctx, from, 20);
    return `from ${from}`;
  }),
  bytes: step(async (_, ctx) => {
    await report(ctx, 0, 20);
    return Buffer.from('bytes');
  }),
};

const of = (messages: readonly Pick<Message, 'params'>[]): number[] =>
  messages.map(({ params }) => params.progress as number);
const isProgress = ({ method }: { readonly method?: string }): boolean => method === 'notifications/progress';

describe.each(adapters)('%s SDK', (sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let handler: Endpoint & { close(): Promise<void> };
  beforeAll(async () => {
    ({ stack, handler } = await adapt(tools, { pollInterval: '50 ms' }));
    await stack.startWorker({ workflowsPath, activities });
  });
  afterAll(async () => {
    await handler.close();
    await stack.close();
  });

  const eras = [
    [
      '2025-11-25',
      async (params: Record<string, unknown>, options: SendOptions) =>
        await send2025(handler, 'tools/call', params, options),
    ],
    [
      '2026-07-28',
      async (params: Record<string, unknown>, options: SendOptions) =>
        await send2026(handler, 'tools/call', params, { capabilities: {}, ...options }),
    ],
  ] as const;

  describe.each(sdk === 'v1' ? eras.slice(0, 1) : eras)('an awaited call of %s', (_, send) => {
    const call = async (name: string, args: object = {}): Promise<Reply> =>
      await send({ name, arguments: args }, { meta: { progressToken: 't' } });

    it.each([50, 200])('gets all reports of a short function tool, %d ms apart', async (pause) => {
      const { result, notifications } = await call('short', { pause });
      expect(notifications.map(({ method, params }) => [method, params])).toEqual(
        [1, 2, 3].map((progress) => [
          'notifications/progress',
          { progressToken: 't', progress, total: 6, message: 'parts' },
        ]),
      );
      expect(result.content).toEqual([{ type: 'text', text: 'done' }]);
    });

    it('gets them if the tool fails, too', async () => {
      const { result, notifications } = await call('short', { pause: 20, fails: true });
      expect(of(notifications)).toEqual([1, 2, 3]);
      expect(result).toMatchObject({ isError: true, content: [{ text: 'no' }] });
    });

    it('gets the reports of an author’s steps, whose workflow gets their plain results', async () => {
      const { result, notifications } = await call('steps');
      expect(of(notifications)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(result.content).toEqual([{ type: 'text', text: '["from 0","from 3"]' }]);
    });

    it('gets the result of a workflow whose step reports progress and returns bytes', async () => {
      expect((await call('bytes')).result.content).toEqual([{ type: 'text', text: '5' }]);
    });

    it('gets the last 20 reports of a tool that reports too often', async () => {
      const told = of((await call('busy')).notifications);
      expect(told.slice(-20)).toEqual(Array.from({ length: 20 }, (__, i) => 981 + i));
      expect(told).toEqual(told.toSorted((one, other) => one - other));
    });
  });

  it('a workflow that is not a task gets the plain results of its steps, in its history too', async () => {
    const { taskQueue } = stack.tasks;
    const client = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
    const handle = await client.workflow.start('shortSteps', { taskQueue, workflowId: randomUUID() });
    expect(await handle.result()).toEqual(['from 0', 'from 3']);
    const { events = [] } = await handle.fetchHistory();
    const results = (events ?? []).flatMap(
      ({ activityTaskCompletedEventAttributes: completed }) => completed?.result?.payloads ?? [],
    );
    expect(results.map((payload) => defaultPayloadConverter.fromPayload(payload))).toEqual(['from 0', 'from 3']);
    await client.connection.close();
  });

  describe('a task of 2025-11-25', () => {
    const start = async (session: Session, progressToken = 't'): Promise<string> =>
      (
        await session.request(handler, 'tools/call', {
          name: 'short',
          arguments: { pause: 50 },
          task: {},
          _meta: { progressToken },
        })
      ).result.task.taskId as string;
    const when = async (taskId: string, fits: (task: Task) => boolean): Promise<void> => {
      for await (const task of stack.tasks.engine.watch('anonymous', taskId)) if (fits(task)) return;
    };
    const ended = ({ method, params }: Message): boolean =>
      method === 'notifications/tasks/status' && params.status === 'completed';

    it('reports on the stream of its session, before its last status', async () => {
      const session = await Session.begin(handler);
      const stream: Incoming = await session.listen(handler);
      await start(session);
      await stream.next(ended);
      const told = stream.messages.filter((message) => isProgress(message) || ended(message));
      expect(told.map(({ params }) => params.progress ?? params.status)).toEqual([1, 2, 3, 'completed']);
      await stream.drop();
    });

    it.each([
      ['at once', async () => {}],
      [
        'after the first report',
        async (taskId: string) => await when(taskId, ({ steps }) => steps[0]?.progress !== undefined),
      ],
      ['after the end', async (taskId: string) => await when(taskId, ({ outcome }) => outcome !== undefined)],
    ])('reports on the stream of `tasks/result`, opened %s, before the result', async (_, until) => {
      const session = await Session.begin(handler);
      const taskId = await start(session);
      await until(taskId);
      const result = await session.open(handler, 'tasks/result', { taskId });
      await result.next(({ id }) => id === result.requestId);
      expect(of(result.messages.filter(isProgress))).toEqual([1, 2, 3]);
      expect(result.messages.at(-1)?.id).toBe(result.requestId);
    });

    it('reports nothing twice if a read that began before the end is answered after it', async () => {
      const session = await Session.begin(handler);
      const stream = await session.listen(handler);
      const { engine } = stack.tasks;
      const read = engine.get.bind(engine);
      const taskId = await start(session);
      const late = vi.spyOn(engine, 'get').mockImplementationOnce(async (owner, id) => {
        const task = await read(owner, id);
        await stream.next(ended);
        await when(taskId, ({ outcome }) => outcome !== undefined);
        return task;
      });
      expect((await session.request(handler, 'tasks/get', { taskId })).result.status).toBe('working');
      late.mockRestore();
      // Messages about a task that is started later arrive after all others.
      const other = await start(session, 'other');
      await stream.next((message) => ended(message) && message.params.taskId === other);
      const about = (message: Message): boolean =>
        message.params.progressToken === 't' || (ended(message) && message.params.taskId === taskId);
      expect(stream.messages.filter(about).map(({ params }) => params.progress ?? params.status)).toEqual([
        1,
        2,
        3,
        'completed',
      ]);
      await stream.drop();
    });

    it('reports nothing any more once the client has seen its end', async () => {
      const session = await Session.begin(handler);
      const taskId = await start(session);
      await expect
        .poll(async () => (await session.request(handler, 'tasks/get', { taskId })).result.status as string)
        .toBe('completed');
      const result = await session.open(handler, 'tasks/result', { taskId });
      await result.next(({ id }) => id === result.requestId);
      expect(of(result.messages.filter(isProgress))).toEqual([]);
    });
  });
});
