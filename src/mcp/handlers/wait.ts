/**
 * Waits for a task within a plain call: until the task ends, asks something that the answer to the call can carry, or
 * the call's budget is spent.
 * @module
 */
import type { Task } from '../../task/task.js';
import { mayAsk, newReports } from '../../task/task.js';
import { linkSignals, unlessAborted } from '../../temporal/rpc/signals.js';
import { asksOf } from '../../tool/define-tool.js';
import { WAIT } from '../tools/fallback.js';
import { handleResult } from '../tools/handle-result.js';
import { resultOf } from './output.js';
import type { SentCall } from '../../protocol/call.js';
import { RPC, RpcFault } from '../../protocol/errors.js';
import { progressTokenOf, type RequestContext, type RpcResult } from '../../protocol/request.js';
import type { Inputs, ProtocolVersion } from '../../protocol/version.js';
import type { TaskService } from '../service.js';

export interface Wait {
  readonly service: TaskService;
  readonly version: ProtocolVersion;
  readonly call: SentCall;
  readonly task: Task;
  /** How long to wait, in milliseconds; with 0, no questions are asked either. @default until the task ends */
  readonly budget: number | undefined;
  /** The keys of questions whose answers this call has delivered, so that it does not ask them again. @default none */
  readonly answered?: ReadonlySet<string>;
}

/**
 * Returns the answer to the call: the task's own result, its questions, or its handle once the budget is spent.
 * @throws the task's error; the signal's reason
 */
export async function awaitAnswer(wait: Wait): Promise<RpcResult> {
  const task = await awaitTask(wait);
  wait.service.quota.ended(wait.call.ctx.owner.id, task);
  return await answerWith(wait, task);
}

/**
 * Returns the answer to a call for the task as it is now: its result, its questions, or its handle if it is still
 * running without a question that this client can answer.
 * @throws the task's error
 */
export async function answerWith(wait: Wait, task: Task): Promise<RpcResult> {
  const { service, version, call } = wait;
  const { outcome } = task;
  if (outcome) return { ...(await resultOf(service, version, { ...task, outcome })) };
  const open = openQuestions(wait, task);
  if (version.questions && Object.keys(open).length > 0)
    return await version.questions.ask(call, { taskId: task.id, questions: open, refusals: 0 });
  return { ...handleResult(task) };
}

/** Returns the task's questions that the answer to the call can carry. */
function openQuestions({ version, call, budget, answered }: Wait, task: Task): Inputs {
  if (budget === 0 || !version.questions) return {};
  const open = Object.entries(version.questions.open(task, call.ctx));
  return Object.fromEntries(open.filter(([key]) => !answered?.has(key)));
}

/**
 * Returns the task once it has ended or asks something that the answer to the call can carry, or as it is when the
 * budget is spent. Until then the call's stream carries the task's progress, under the call's own token, and its
 * questions if the version sends unsolicited messages.
 * @throws the signal's reason; RpcFault if the request's token expires first
 */
export async function awaitTask(wait: Wait): Promise<Task> {
  const { service, version, task } = wait;
  const { ctx } = wait.call;
  const { owner, stream } = ctx;
  stream.open?.();
  const tell = progressTokenOf(ctx) === undefined ? undefined : progressTeller(ctx);
  const following =
    version.unsolicited !== undefined && declaresQuestions(wait)
      ? service.followers.follow(
          { version, owner, taskId: task.id, stream },
          { plain: true, ...(tell ? { tell } : {}) },
        )
      : undefined;
  const patience = new AbortController();
  const timer = wait.budget === undefined ? undefined : setTimeout(() => patience.abort(), wait.budget);
  const { signal, unlink } = linkSignals(ctx.signal, patience.signal, ctx.expired);
  try {
    return following ? await unlessAborted(following.ended, signal) : await endedOrAsking(wait, signal, tell);
  } catch (error) {
    if (ctx.signal.aborted || error !== signal.reason) throw error;
    if (ctx.expired?.aborted) throw tokenExpired(wait);
    return await service.engine.get(owner.id, task.id).catch(() => task);
  } finally {
    clearTimeout(timer);
    unlink();
    // If the call was answered with a handle, the client may still be showing a question to the user.
    following?.leave({ asked: patience.signal.aborted && !ctx.signal.aborted });
  }
}

function tokenExpired({ service, task: { id, tool } }: Wait): RpcFault {
  const next = service.tools.fallback.handles.has(tool)
    ? `call ${WAIT} with ${JSON.stringify({ taskId: id })}`
    : 'follow that task; calling the tool again may do the work twice';
  return new RpcFault(
    RPC.internalError,
    `The access token expired while ${tool} was running. The work continues as task ${id}: get a new token, then ${next}.`,
  );
}

/** Returns whether the task's tool declares that it asks. Nothing is known about a tool that has been removed. */
function declaresQuestions({ service, task }: Wait): boolean {
  const tool = service.tools.get(task.tool);
  return tool !== undefined && asksOf(tool).length > 0;
}

async function endedOrAsking(
  wait: Wait,
  signal: AbortSignal,
  tell: ((task: Task) => Promise<void>) | undefined,
): Promise<Task> {
  const { service, version, call, task } = wait;
  const { engine } = service;
  const { owner } = call.ctx;
  const asks = version.questions !== undefined && declaresQuestions(wait);
  if (!tell && !asks) return await engine.result(owner.id, task.id, signal);
  const wanted = { progress: () => tell !== undefined, news: mayAsk };
  for await (const view of engine.watch(owner.id, task.id, signal, wanted)) {
    await tell?.(view);
    if (view.outcome) return view;
    if (asks && Object.keys(openQuestions(wait, view)).length > 0) return view;
  }
  throw new Error('a watch ends with an outcome');
}

/** Sends the task's progress to the caller: each known report that is higher than the one before. */
function progressTeller(ctx: RequestContext): (task: Task) => Promise<void> {
  let told = -Infinity;
  return async (task) => {
    for (const report of newReports(task, told)) {
      told = report.progress;
      const params = { progressToken: progressTokenOf(ctx), ...report };
      // A failed send can be ignored: it means that the client hung up, which also ends the wait.
      await ctx.stream.send({ jsonrpc: '2.0', method: 'notifications/progress', params }).catch(() => undefined);
    }
  };
}
