/** Tests of task IDs, statuses, timestamps and ttl. @module */
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from '../suite/context.js';
import {
  call,
  cancel,
  finished,
  get,
  isTerminal,
  listed,
  poll,
  startTask,
  startSlow,
  type ReadTask,
} from '../suite/tasks.js';
import { check, Failed, ignoreSkipped, seen, skip } from '../suite/verdict.js';
import { Status, Timestamp } from '../wire/schemas.js';
import type { Session } from '../wire/session.js';

/** Returns a task as each operation that answers with tasks reports it, by method. */
async function everyAnswer(session: Session): Promise<Record<string, ReadTask | undefined>> {
  const { task } = await call(session, 'slow_compute', { seconds: 2, label: 'everywhere' });
  const { taskId } = task;
  const got = await get(session, taskId);
  const inList = await listed(session, taskId).catch(ignoreSkipped);
  const cancelled = await cancel(session, taskId)
    .then(({ result }) => result as ReadTask | undefined)
    .catch(ignoreSkipped);
  return {
    'tools/call': task,
    'tasks/get': got,
    ...(inList ? { 'tasks/list': inList } : {}),
    ...(cancelled ? { 'tasks/cancel': cancelled } : {}),
  };
}

function everyTimestamp(field: 'createdAt' | 'lastUpdatedAt'): Test {
  return async (t) => {
    const answers = await everyAnswer(await t.connect());
    for (const [method, task] of Object.entries(answers))
      check(Timestamp.safeParse(task?.[field]).success, `${method}: ${field} is ${seen(task?.[field])}`);
    const created = new Set(Object.values(answers).map((task) => Date.parse(String(task?.['createdAt']))));
    check(field !== 'createdAt' || created.size === 1, `createdAt differs: ${seen(answers)}`);
    check(
      field !== 'lastUpdatedAt' ||
        Object.values(answers).every((task) => Date.parse(String(task?.[field])) >= Math.min(...created)),
      `lastUpdatedAt is before createdAt: ${seen(answers)}`,
    );
  };
}

export const lifecycleTests: Record<string, Test> = {
  async 'task-ids-1'(t) {
    const session = await t.connect();
    const result = await session.result('tools/call', { name: 'echo_task', arguments: { text: 'id' }, task: {} });
    const { taskId } = (result['task'] ?? {}) as { taskId?: unknown };
    check(typeof taskId === 'string', `the taskId is ${seen(taskId)}`);
  },

  async 'task-ids-2'(t) {
    const session = await t.connect();
    const mine = 'chosen-by-the-requestor';
    const taskId = await startTask(
      session,
      'echo_task',
      { text: 'id' },
      { task: { ttl: 60_000, taskId: mine, id: mine } },
    );
    check(taskId !== mine, 'the task has the ID that the request named');
  },

  async 'task-ids-3'(t) {
    const sessions = [await t.connect(), await t.connect()];
    const ids = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, n) => await startTask(sessions[n % 2] as Session, 'echo_task', { text: 'same' }),
      ),
    );
    check(new Set(ids).size === ids.length, `${ids.length} tasks have ${new Set(ids).size} IDs`);
  },

  async 'status-1'(t) {
    const session = await t.connect();
    for (const [name, args] of [
      ['echo_task', { text: 'first' }],
      ['slow_compute', { seconds: 1, label: 'first' }],
      ['failing_job', {}],
    ] as const) {
      const { task } = await call(session, name, args);
      check(task['status'] === 'working', `${name} began as ${seen(task['status'])}`);
    }
  },

  async 'status-2'(t) {
    const session = await t.connect();
    const taskId = await startSlow(session, 1);
    const read = await poll(session, taskId, 'in a terminal status', isTerminal);
    const odd = read.find((task) => !Status.safeParse(task['status']).success);
    check(!odd, `the status was ${seen(odd?.['status'])}`);
    check(
      read.every((task) => task['status'] !== 'input_required'),
      'slow_compute, which asks for nothing, was input_required',
    );
  },

  async 'status-3'(t) {
    const session = await t.connect();
    for (const [name, args] of [
      ['echo_task', { text: 'over' }],
      ['failing_job', {}],
    ] as const) {
      const { taskId, status } = await finished(session, await startTask(session, name, args));
      for (let looks = 0; looks < 5; looks++) {
        const later = await get(session, taskId);
        check(later['status'] === status, `${name} was ${seen(status)}, then ${seen(later['status'])}`);
        await delay(100);
      }
    }
  },

  'ttl-1': everyTimestamp('createdAt'),
  'ttl-2': everyTimestamp('lastUpdatedAt'),

  async 'ttl-4'(t) {
    const session = await t.connect();
    const { task } = await call(session, 'slow_compute', { seconds: 1, label: 'ttl' });
    const { ttl } = await get(session, task.taskId);
    check(ttl === null || (typeof ttl === 'number' && ttl >= 0), `tasks/get says ttl: ${seen(ttl)}`);
    check(ttl === task['ttl'], `the CreateTaskResult said ttl: ${seen(task['ttl'])}, tasks/get ${seen(ttl)}`);
  },

  async 'ttl-6'(t) {
    const session = await t.connect();
    const { pollInterval } = await get(session, await startSlow(session, 1));
    if (pollInterval === undefined) skip('the server suggests no pollInterval');
    check(typeof pollInterval === 'number' && pollInterval > 0, `pollInterval is ${seen(pollInterval)}`);
  },

  async 'resources-2'(t) {
    const session = await t.connect();
    const asked = Number.MAX_SAFE_INTEGER;
    const { task } = await call(session, 'echo_task', { text: 'for ever' }, { task: { ttl: asked } });
    check(
      typeof task['ttl'] === 'number' && task['ttl'] < asked,
      `asked for ${asked} ms, the server granted ${seen(task['ttl'])}`,
    );
  },

  async 'resources-3'(t) {
    const session = await t.connect();
    const { task } = await call(session, 'echo_task', { text: 'short-lived' }, { task: { ttl: 1 } });
    const { ttl } = task;
    if (typeof ttl !== 'number' || ttl > LONGEST_WAIT)
      skip(`the shortest ttl the server grants, ${seen(ttl)} ms, is too long to wait for`);
    for (const deadline = Date.now() + ttl + PROMPTLY; Date.now() < deadline; await delay(500)) {
      if ((await session.ask('tasks/get', { taskId: task.taskId })).error) return;
    }
    throw new Failed(`with a ttl of ${ttl} ms the task was still there ${PROMPTLY} ms later`);
  },
};

/** The longest ttl to wait for, and how long after it a task may still exist, in milliseconds. */
const LONGEST_WAIT = 12_000;
const PROMPTLY = 5_000;
