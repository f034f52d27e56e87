/** Tests of the status `input_required`. @module */
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from '../suite/context.js';
import {
  accept,
  finished,
  get,
  isTerminal,
  poll,
  question,
  startTask,
  startAsking,
  startSlow,
} from '../suite/tasks.js';
import { check, seen } from '../suite/verdict.js';

export const inputTests: Record<string, Test> = {
  async 'input-2'(t) {
    const session = await t.connect();
    const { exchange, answer } = session.send('tasks/get', { taskId: await startSlow(session, 1) });
    await answer;
    const { contentType } = await exchange.head;
    check(!contentType.startsWith('text/event-stream'), 'tasks/get was answered with an SSE stream');
  },

  async 'input-3'(t) {
    const session = await t.connect();
    const { taskId } = await startAsking(session);
    await poll(
      session,
      taskId,
      'input_required',
      (task) => task['status'] === 'input_required' || isTerminal(task),
    ).then((read) => check(read.at(-1)?.['status'] === 'input_required', `it ended as ${seen(read.at(-1))}`));
  },

  async 'input-6'(t) {
    const session = await t.connect();
    const { taskId } = await startAsking(session);
    await accept(session, await question(session, taskId));
    await poll(
      session,
      taskId,
      'out of input_required, with its only question answered',
      (task) => task['status'] !== 'input_required',
    );
  },

  async 'input-7'(t) {
    const session = await t.connect();
    const { taskId } = await startAsking(session, 'multi_input', {});
    await question(session, taskId, 2);
    await accept(session, await question(session, taskId, 1));
    for (let looks = 0; looks < 5; looks++) {
      const { status } = await get(session, taskId);
      check(status === 'input_required', `with one of two questions answered the status is ${seen(status)}`);
      await delay(100);
    }
    await accept(session, await question(session, taskId, 2));
    await finished(session, taskId);
  },

  async 'input-8'(t) {
    const session = await t.connect();
    const taskId = await startTask(session, 'confirm_delete', { filename: 'conformance.txt' });
    await poll(session, taskId, 'input_required', (task) => task['status'] === 'input_required');
    // No stream was open before, so nothing can have been sent yet.
    session.send('tasks/result', { taskId });
    await accept(session, await question(session, taskId));
    await finished(session, taskId);
  },
};
