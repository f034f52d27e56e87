/** Tests of messages about tasks: related-task metadata, status and progress notifications. @module */
import { setTimeout as delay } from 'node:timers/promises';
import type { Context, Test } from '../suite/context.js';
import {
  accept,
  cancel,
  finished,
  firstPage,
  get,
  question,
  resultOf,
  startTask,
  startAsking,
  startSlow,
} from '../suite/tasks.js';
import { check, ignoreSkipped, seen, skip } from '../suite/verdict.js';
import { type Message, RELATED_TASK, relatedTask } from '../wire/message.js';
import { Task } from '../wire/schemas.js';

const PROGRESS_TOKEN = 'conformance-progress';

/**
 * Runs a task with some work and a progress token, with every stream open, and returns the `method` messages sent
 * meanwhile. Skips the test if there are none.
 */
async function heard(t: Context, method: string): Promise<Message[]> {
  const session = await t.connect();
  await session.listen();
  const taskId = await startSlow(session, 2, { _meta: { progressToken: PROGRESS_TOKEN } });
  await resultOf(session, taskId);
  // Notifications may arrive on a different stream than the answer.
  await delay(300);
  const messages = session.arrived.items.flatMap(({ message }) => (message?.method === method ? [message] : []));
  if (messages.length === 0) skip(`the server sent no ${method}, which is optional`);
  return messages;
}

const about = (taskId: string) => ({ _meta: { [RELATED_TASK]: { taskId } } });

export const messageTests: Record<string, Test> = {
  async 'input-4'(t) {
    const session = await t.connect();
    const { taskId } = await startAsking(session);
    const asked = await question(session, taskId);
    await accept(session, asked);
    check(
      relatedTask(asked) === taskId,
      `elicitation/create has _meta ${seen(asked.params['_meta'])}, the task is ${taskId}`,
    );
  },

  async 'related-1'(t) {
    const session = await t.connect();
    await session.listen();
    const taskId = await startSlow(session, 2, { _meta: { progressToken: PROGRESS_TOKEN } });
    const { result, error } = await resultOf(session, taskId);
    check(
      relatedTask({ result: result ?? {} }) === taskId,
      `the answer to tasks/result has _meta ${seen(result?.['_meta'] ?? error)}`,
    );
    await delay(300);
    const progress = session.arrived.items.flatMap(({ message }) =>
      message?.method === 'notifications/progress' ? [message] : [],
    );
    for (const message of progress)
      check(relatedTask(message) === taskId, `notifications/progress has _meta ${seen(message.params?.['_meta'])}`);
    const asking = await startAsking(session);
    const asked = await question(session, asking.taskId);
    await accept(session, asked);
    check(relatedTask(asked) === asking.taskId, `elicitation/create has _meta ${seen(asked.params['_meta'])}`);
  },

  async 'related-5'(t) {
    const session = await t.connect();
    const [meant, other] = await Promise.all([
      startTask(session, 'echo_task', { text: 'meant' }),
      startTask(session, 'echo_task', { text: 'other' }),
    ]);
    await Promise.all([finished(session, meant), finished(session, other)]);
    const got = await session.result('tasks/get', { taskId: meant, ...about(other) });
    check(got['taskId'] === meant, `tasks/get of ${meant} with metadata about ${other} was answered with ${seen(got)}`);
    const { result, error } = await session.ask('tasks/result', { taskId: meant, ...about(other) });
    check(
      seen(result?.['content']).includes('meant'),
      `tasks/result with metadata about another task was answered with ${seen(result ?? error)}`,
    );
    const slow = await startSlow(session, 2);
    const refused = await session.ask('tasks/cancel', { taskId: meant, ...about(slow) });
    check(
      refused.error && (await get(session, slow))['status'] === 'working',
      `tasks/cancel with metadata about another task cancelled that one: ${seen(refused)}`,
    );
  },

  async 'related-6'(t) {
    const session = await t.connect();
    const taskId = await startSlow(session, 2);
    const answers: Record<string, Message> = { 'tasks/get': { result: await get(session, taskId) } };
    const first = await firstPage(session).catch(ignoreSkipped);
    if (first) answers['tasks/list'] = { result: first.page };
    const cancelled = await cancel(session, taskId).catch(ignoreSkipped);
    if (cancelled?.result) answers['tasks/cancel'] = { result: cancelled.result };
    for (const [method, message] of Object.entries(answers))
      check(relatedTask(message) === undefined, `${method} has it: ${seen(message.result?.['_meta'])}`);
  },

  async 'metadata-3'(t) {
    const session = await t.connect();
    for (const name of ['echo_task', 'failing_job']) {
      const taskId = await startTask(session, name, { text: 'whose' });
      const { result, error } = await resultOf(session, taskId);
      check(
        relatedTask({ result: result ?? {} }) === taskId,
        `${name}: the answer to tasks/result has _meta ${seen(result?.['_meta'] ?? error)}`,
      );
    }
  },

  async 'notifications-1'(t) {
    const messages = await heard(t, 'notifications/tasks/status');
    for (const { params } of messages) {
      const { error } = Task.safeParse(params);
      check(!error, `${seen(error?.issues[0])} in ${seen(params)}`);
    }
  },

  async 'notifications-3'(t) {
    const messages = await heard(t, 'notifications/tasks/status');
    const odd = messages.find((message) => relatedTask(message) !== undefined);
    check(!odd, `one has it: ${seen(odd?.params)}`);
  },

  async 'progress-1'(t) {
    const messages = await heard(t, 'notifications/progress');
    const odd = messages.find(({ params }) => params?.['progressToken'] !== PROGRESS_TOKEN);
    check(!odd, `the token was ${PROGRESS_TOKEN}; a notification has ${seen(odd?.params?.['progressToken'])}`);
    const told = messages.map(({ params }) => Number(params?.['progress']));
    check(
      told.every((value, n) => n === 0 || value > (told[n - 1] ?? Infinity)),
      `progress went ${seen(told)}`,
    );
  },
};
