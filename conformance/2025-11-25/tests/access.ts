/** Tests of listing, isolation and access control. @module */
import { setTimeout as delay } from 'node:timers/promises';
import type { Context, Test } from '../suite/context.js';
import {
  declares,
  finished,
  firstPage,
  get,
  listed,
  pages,
  startTask,
  startSlow,
  type ReadTask,
} from '../suite/tasks.js';
import { UNGUESSABLE, variety } from '../suite/variety.js';
import { check, Failed, seen, skip } from '../suite/verdict.js';
import { ListTasksResult } from '../wire/schemas.js';
import type { Session } from '../wire/session.js';

/** More tasks than one page should hold. */
const MANY = 110;
const LOOK_EVERY = 55;
/** How long a list may lag behind, in milliseconds. */
const LAG = 5_000;

/** Starts tasks until the first page no longer holds them all, or until there are {@link MANY}. */
async function startPages(session: Session): Promise<{ ids: string[]; first: ReadTask[] }> {
  const ids: string[] = [];
  for (;;) {
    ids.push(
      ...(await Promise.all(
        Array.from({ length: 11 }, async () => await startTask(session, 'echo_task', { text: 'one of many' })),
      )),
    );
    // A long list is expensive on some servers, so do not request it every time.
    if (ids.length % LOOK_EVERY !== 0) continue;
    const { tasks: first } = await firstPage(session);
    if (ids.length >= MANY || (first.length > 0 && first.length < ids.length)) return { ids, first };
  }
}

/** Returns those of `ids` that are on no page after the time a list may lag behind. */
async function missing(session: Session, ids: readonly string[]): Promise<string[]> {
  for (const deadline = Date.now() + LAG; ; await delay(250)) {
    const left = new Set(ids);
    for await (const { tasks } of pages(session)) {
      for (const { taskId } of tasks) left.delete(taskId);
      if (left.size === 0) break;
    }
    if (left.size === 0 || Date.now() > deadline) return [...left];
  }
}

/**
 * Opens a session without authorization. Skips the test if the server requires it, because the rules about unknown
 * requestors then do not apply.
 */
async function anonymous(t: Context): Promise<Session> {
  try {
    return await t.connect({ token: undefined });
  } catch (error) {
    if (t.target.token === undefined || !(error instanceof Failed)) throw error;
    skip('the server requires authorization');
  }
}

export const listingTests: Record<string, Test> = {
  async 'list-1'(t) {
    const session = await t.connect();
    const { ids, first } = await startPages(session);
    check(first.length < ids.length, `after ${ids.length} calls one page has ${first.length} tasks`);
  },

  async 'list-2'(t) {
    const session = await t.connect();
    const { ids } = await startPages(session);
    const left = await missing(session, ids);
    check(left.length === 0, `following nextCursor, ${left.length} of ${ids.length} tasks are on no page`);
  },

  async 'list-4'(t) {
    const session = await t.connect();
    const ids = [await startTask(session, 'echo_task', { text: 'listed' }), await startSlow(session, 1)];
    for (const id of ids) await get(session, id);
    check(
      (await missing(session, ids)).length === 0,
      `tasks/get has ${ids.join(' and ')}; tasks/list does not list both`,
    );
    const { error } = ListTasksResult.safeParse((await firstPage(session)).page);
    check(!error, `not a ListTasksResult: ${seen(error?.issues[0])}`);
  },
};

export const accessTests: Record<string, Test> = {
  async 'access-3'(t) {
    const session = await anonymous(t);
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => await startTask(session, 'echo_task', { text: 'guess' })),
    );
    check(
      variety(ids) >= UNGUESSABLE,
      `20 IDs vary by no more than ${variety(ids).toFixed(0)} bits: ${ids.slice(0, 3).join(', ')} …`,
    );
  },

  async 'access-4'(t) {
    const [one, two] = [await anonymous(t), await anonymous(t)];
    if (!declares(one, 'list')) return;
    const taskId = await startTask(one, 'echo_task', { text: 'mine' });
    await delay(500);
    check(
      (await listed(two, taskId)) === undefined,
      'tasks.list is declared, and another session without authorization lists this one’s task',
    );
  },

  async 'access-5'(t) {
    const { mine, theirs } = await t.connectBoth();
    const taskId = await startSlow(mine, 2);
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      const { result, error } = await theirs.ask(method, { taskId });
      check(error, `${method} with another token was answered with ${seen(result)}`);
    }
    check(
      (await finished(mine, taskId))['status'] === 'completed',
      'another token’s tasks/cancel, though rejected, ended the task',
    );
  },

  async 'access-6'(t) {
    const { mine, theirs } = await t.connectBoth();
    const taskId = await startTask(mine, 'echo_task', { text: 'mine' });
    check((await missing(mine, [taskId])).length === 0, 'the task is not in its own requestor’s list');
    check((await listed(theirs, taskId)) === undefined, 'the task is in the list of another token');
  },
};
