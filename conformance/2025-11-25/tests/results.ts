/** Tests of results and of how tasks fail. @module */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Context, Test } from '../suite/context.js';
import {
  finished,
  get,
  isTerminal,
  question,
  resultOf,
  startTask,
  startAsking,
  startSlow,
  taskSupport,
} from '../suite/tasks.js';
import { check, seen, skip, within } from '../suite/verdict.js';
import type { Json } from '../wire/message.js';
import { CallToolResult, CreateTaskResult } from '../wire/schemas.js';
import { PATIENCE, type Answer } from '../wire/session.js';
import { ended } from './cancellation.js';

/** Returns the content of an answer, without the metadata that `tasks/result` adds. */
function substance({ result, error }: Answer): Json {
  if (error) return { error };
  const { _meta, isError = false, ...rest } = result ?? {};
  return { ...rest, isError };
}

/** Returns a finished task's result, and the answer to the same call without a task. */
async function both(t: Context, name: string, args: Json): Promise<{ plain: Json; fromTask: Json }> {
  const session = await t.connect();
  if ((await taskSupport(session, name)) !== 'optional')
    skip(`${name} is not optional, so it cannot be called without a task`);
  const { taskId } = await finished(session, await startTask(session, name, args));
  return {
    plain: substance(await session.ask('tools/call', { name, arguments: args })),
    fromTask: substance(await resultOf(session, taskId)),
  };
}

export const resultTests: Record<string, Test> = {
  async 'result-1'(t) {
    const session = await t.connect();
    const result = await session.result('tools/call', {
      name: 'slow_compute',
      arguments: { seconds: 1, label: 'shape' },
      task: { ttl: 60_000 },
    });
    const { error } = CreateTaskResult.safeParse(result);
    check(!error, `${seen(error?.issues[0])} in ${seen(result)}`);
  },

  async 'result-2'(t) {
    const session = await t.connect();
    const { taskId, status } = await get(session, await startSlow(session, 2));
    check(
      status === 'working',
      `when the call was answered, task ${taskId} with 2 s of work was already ${seen(status)}`,
    );
  },

  async 'result-3'(t) {
    const session = await t.connect();
    for (const [status, taskId] of Object.entries(await ended(session))) {
      const { result, error } = await resultOf(session, taskId);
      if (status === 'cancelled') check(result ?? error, 'cancelled: no answer');
      else check(CallToolResult.safeParse(result).success, `${status}: ${seen(result ?? error)}`);
    }
  },

  async 'result-4'(t) {
    const session = await t.connect();
    const working = await startSlow(session, 1);
    await resultOf(session, working);
    const { status } = await get(session, working);
    check(isTerminal({ taskId: working, status }), `tasks/result was answered while the task was ${seen(status)}`);
    const asking = await startAsking(session);
    await question(session, asking.taskId);
    const early = await Promise.race([asking.result.answer, delay(500)]);
    check(!early, `tasks/result was answered while a question was open: ${seen(early)}`);
  },

  async 'result-5'(t) {
    const { plain, fromTask } = await both(t, 'echo_task', { text: 'the very same' });
    check(isDeepStrictEqual(plain, fromTask), `the call itself: ${seen(plain)}; tasks/result: ${seen(fromTask)}`);
  },

  async 'result-structure'(t) {
    const session = await t.connect();
    const { result, error } = await resultOf(session, await startTask(session, 'echo_task', { text: 'shape' }));
    check(CallToolResult.safeParse(result).success, `not a CallToolResult: ${seen(result ?? error)}`);
    check(seen(result?.['content']).includes('shape'), `echo_task did not echo: ${seen(result)}`);
  },

  async 'result-parallel'(t) {
    const session = await t.connect();
    const taskId = await startSlow(session, 2);
    const pending = session.send('tasks/result', { taskId });
    const { status } = await get(session, taskId);
    check(status === 'working', `tasks/get beside a pending tasks/result: ${seen(status)}`);
    await within(PATIENCE, 'the answer to tasks/result', pending.answer);
  },

  async 'result-disconnect'(t) {
    const session = await t.connect();
    const taskId = await startSlow(session, 2);
    const { exchange } = session.send('tasks/result', { taskId });
    await Promise.race([exchange.head, delay(300)]);
    exchange.abort();
    const { status } = await finished(session, taskId);
    check(status === 'completed', `after a dropped tasks/result the task ended as ${seen(status)}`);
    const { result, error } = await resultOf(session, taskId);
    check(result, `after a dropped tasks/result the next was answered with ${seen(error)}`);
  },

  async 'execution-1'(t) {
    const session = await t.connect();
    const task = await finished(session, await startTask(session, 'protocol_error_job'));
    check(task['status'] === 'failed', `protocol_error_job ended as ${seen(task)}`);
  },

  async 'execution-2'(t) {
    const session = await t.connect();
    for (const name of ['failing_job', 'protocol_error_job']) {
      const { statusMessage } = await finished(session, await startTask(session, name));
      check(
        typeof statusMessage === 'string' && statusMessage.trim() !== '',
        `${name}: statusMessage is ${seen(statusMessage)}`,
      );
    }
  },

  async 'execution-3'(t) {
    const session = await t.connect();
    const task = await finished(session, await startTask(session, 'failing_job'));
    check(task['status'] === 'failed', `failing_job ended as ${seen(task)}`);
  },

  async 'execution-4'(t) {
    const session = await t.connect();
    const { result, error } = await resultOf(
      session,
      (await finished(session, await startTask(session, 'protocol_error_job'))).taskId,
    );
    check(
      Number.isInteger(error?.code) && typeof error?.message === 'string',
      `protocol_error_job: tasks/result was answered with ${seen(result ?? error)}`,
    );
    if ((await taskSupport(session, 'protocol_error_job')) !== 'optional') return;
    const { plain, fromTask } = await both(t, 'protocol_error_job', {});
    check(isDeepStrictEqual(plain, fromTask), `the call itself: ${seen(plain)}; tasks/result: ${seen(fromTask)}`);
  },

  async 'execution-5'(t) {
    const session = await t.connect();
    const { result, error } = await resultOf(session, await startTask(session, 'failing_job'));
    check(
      CallToolResult.safeParse(result).data?.isError === true,
      `failing_job, a tool error: tasks/result was answered with ${seen(result ?? error)}`,
    );
  },
};
