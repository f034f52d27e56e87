/** Tests of cancellation and protocol errors. @module */
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from '../suite/context.js';
import { cancel, finished, firstPage, startTask, startSlow } from '../suite/tasks.js';
import { check, seen } from '../suite/verdict.js';
import type { Answer, Session } from '../wire/session.js';

const NOBODY = 'no-such-task-0123456789abcdef';

async function cancelled(session: Session, seconds = 3): Promise<{ taskId: string; answer: Answer }> {
  const taskId = await startSlow(session, seconds);
  return { taskId, answer: await cancel(session, taskId) };
}

/** Creates one task in each terminal status. @returns the task IDs, by status */
export async function ended(session: Session): Promise<Record<string, string>> {
  const completed = await finished(session, await startTask(session, 'echo_task', { text: 'over' }));
  const failed = await finished(session, await startTask(session, 'failing_job'));
  return { completed: completed.taskId, failed: failed.taskId, cancelled: (await cancelled(session)).taskId };
}

export const cancellationTests: Record<string, Test> = {
  async 'cancel-1'(t) {
    const session = await t.connect();
    for (const [status, taskId] of Object.entries(await ended(session))) {
      const { result, error } = await cancel(session, taskId);
      check(error?.code === -32602, `${status}: ${seen(result ?? error)}`);
    }
  },

  async 'cancel-3'(t) {
    const session = await t.connect();
    const { taskId, answer } = await cancelled(session);
    check(
      answer.result?.['status'] === 'cancelled' && answer.result['taskId'] === taskId,
      `tasks/cancel was answered with ${seen(answer.result ?? answer.error)}`,
    );
    const { result, error } = await session.ask('tasks/get', { taskId });
    check(error?.code === -32602 || result?.['status'] === 'cancelled', `the next tasks/get: ${seen(result ?? error)}`);
  },

  async 'cancel-4'(t) {
    const session = await t.connect();
    const { taskId } = await cancelled(session, 1);
    for (const deadline = Date.now() + 2_500; Date.now() < deadline; await delay(100)) {
      const { result, error } = await session.ask('tasks/get', { taskId });
      if (error?.code === -32602) return; // The task has been deleted, which is allowed.
      check(result?.['status'] === 'cancelled', `a cancelled task became ${seen(result ?? error)}`);
    }
  },
};

export const errorTests: Record<string, Test> = {
  async 'errors-1'(t) {
    const session = await t.connect();
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      for (const taskId of [NOBODY, 42, undefined]) {
        const { result, error } = await session.ask(method, { taskId });
        check(error?.code === -32602, `${method} of ${seen(taskId)}: ${seen(result ?? error)}`);
      }
    }
  },

  async 'errors-2'(t) {
    const session = await t.connect();
    await firstPage(session);
    const { result, error } = await session.ask('tasks/list', { cursor: 'no-such-cursor' });
    check(error?.code === -32602, `tasks/list was answered with ${seen(result ?? error)}`);
  },

  async 'errors-6'(t) {
    const session = await t.connect();
    const { taskId } = await finished(session, await startTask(session, 'echo_task', { text: 'over' }));
    const notThere = (await session.ask('tasks/get', { taskId: NOBODY })).error?.message ?? '';
    const tooLate = (await session.ask('tasks/cancel', { taskId })).error?.message ?? '';
    const vague = [notThere, tooLate].find((message) => message.trim().split(/\s+/).length < 2);
    check(vague === undefined, `a message says only ${seen(vague)}`);
    check(
      notThere !== tooLate,
      `a task that is not there and one that cannot be cancelled have the same message: ${seen(notThere)}`,
    );
  },
};
