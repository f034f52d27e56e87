/** Owners and their task lists, on a real Temporal. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, type DurableTool } from '../../src/index.js';
import type { Task } from '../../src/task/task.js';
import { startStack, type Stack } from '../helpers/stack.js';

const quick = defineTool({
  name: 'quick',
  inputSchema: z.object({}),
  run: async () => await Promise.resolve({ ok: true }),
});
const ann = 'ann';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack([quick]);
  await stack.startWorker();
});
afterAll(async () => await stack.close());

const start = async (tool: DurableTool, args: object = {}, owner = ann) =>
  await stack.tasks.engine.start({ owner, tool, args, ttl: null });

describe('owners', () => {
  it('see only their own tasks', async () => {
    const { engine } = stack.tasks;
    const { id } = await start(quick);
    const other = await start(quick, {}, 'bob');
    await Promise.all([engine.result(ann, id), engine.result('bob', other.id)]);
    for (const attempt of [
      engine.get('bob', id),
      engine.cancel('bob', id),
      engine.result('bob', id),
      engine.respond('bob', id, {}),
    ]) {
      await expect(attempt).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    }
    expect(() => engine.watch('bob', id)).toThrow('Task not found');
    const bobs = (await engine.list('bob')).tasks.map((task) => task.id);
    expect(bobs).toContain(other.id);
    expect(bobs).not.toContain(id);
  });

  it('list new tasks immediately, page by page, each as `get` returns it', async () => {
    const { engine } = stack.tasks;
    const owner = `many-${Date.now()}`;
    const started = await Promise.all(Array.from({ length: 60 }, async () => await start(quick, {}, owner)));
    expect((await engine.list(owner)).tasks.length).toBeLessThanOrEqual(50);
    const atOnce = (await listAll(stack, owner)).map(({ id }) => id);
    expect([new Set(atOnce), atOnce.length]).toEqual([new Set(started.map(({ id }) => id)), 60]);
    await Promise.all(started.map(async ({ id }) => await engine.result(owner, id)));
    // Another replica, which does not remember the tasks that this one started.
    const replica = await startStack([quick], { taskQueue: stack.tasks.taskQueue });
    await expect.poll(async () => await listAll(replica, owner), { timeout: 20_000 }).toHaveLength(60);
    const all = await listAll(replica, owner);
    expect(new Set(all.map(({ id }) => id)).size).toBe(60);
    const { nextCursor } = await replica.tasks.engine.list(owner);
    const second = await replica.tasks.engine.list(owner, nextCursor);
    // A response may be lost, so the same cursor must return the same page again.
    expect((await replica.tasks.engine.list(owner, nextCursor)).tasks).toEqual(second.tasks);
    const [first] = all as [Task];
    expect(first).toEqual(await engine.get(owner, first.id));
    await replica.close();
  });

  it('cannot forge a cursor or use another owner’s', async () => {
    const { engine } = stack.tasks;
    for (const cursor of ['', 'x', 'AAAA.BBBB', 'a.b.c'])
      await expect(engine.list(ann, cursor)).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
  });
});

async function listAll({ tasks }: Stack, owner: string): Promise<Task[]> {
  const all: Task[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await tasks.engine.list(owner, cursor);
    all.push(...page.tasks);
    if (page.nextCursor === undefined) return all;
    cursor = page.nextCursor;
  }
}
