/** Waits for a task within a plain call: until the task ends or the call's budget is spent. @module */
import type { EndedTask, Task } from '../../task/task.js';
import { currentProgress } from '../../task/task.js';
import { linkSignals, unlessAborted } from '../../temporal/rpc/signals.js';
import { asksOf } from '../../tool/define-tool.js';
import { handleResult } from '../tools/handle-result.js';
import { resultOf } from './output.js';
import { progressTokenOf, type RequestContext, type RpcResult } from '../../protocol/request.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import type { TaskService } from '../service.js';

export interface Wait {
  readonly service: TaskService;
  readonly version: ProtocolVersion;
  readonly ctx: RequestContext;
  readonly task: Task;
  /** How long to wait, in milliseconds. @default until the task ends */
  readonly budget: number | undefined;
}

/**
 * Returns the answer to the call: the task's own result, or its handle once the budget is spent.
 * @throws the task's error; the signal's reason
 */
export async function awaitAnswer(wait: Wait): Promise<RpcResult> {
  return await answerWith(wait, await awaitTask(wait));
}

/**
 * Returns the answer to a call for the task as it is now: its result, or its handle if it is still running.
 * @throws the task's error
 */
export async function answerWith({ service, version }: Wait, task: Task): Promise<RpcResult> {
  const { outcome } = task;
  return { ...(outcome ? await resultOf(service, version, { ...task, outcome }) : handleResult(task)) };
}

/**
 * Returns the task once it has ended, or as it is when the budget is spent. Until then the call's stream carries the
 * task's progress, under the call's own token, and its questions if the version sends unsolicited messages.
 * @throws the signal's reason
 */
export async function awaitTask(wait: Wait): Promise<Task> {
  const { service, version, ctx, task } = wait;
  const { owner, stream } = ctx;
  const tool = service.tools.get(task.tool);
  const asks = version.unsolicited !== undefined && tool !== undefined && asksOf(tool).length > 0;
  const tell = progressTokenOf(ctx) === undefined ? undefined : progressTeller(ctx);
  const following = asks
    ? service.followers.follow({ version, owner, taskId: task.id, stream }, { plain: true, ...(tell ? { tell } : {}) })
    : undefined;
  const patience = new AbortController();
  const timer = wait.budget === undefined ? undefined : setTimeout(() => patience.abort(), wait.budget);
  const { signal, unlink } = linkSignals(ctx.signal, patience.signal);
  try {
    return following ? await unlessAborted(following.ended, signal) : await ended(wait, signal, tell);
  } catch (error) {
    if (!patience.signal.aborted || ctx.signal.aborted || error !== signal.reason) throw error;
    return await service.engine.get(owner.id, task.id).catch(() => task);
  } finally {
    clearTimeout(timer);
    unlink();
    // If the call was answered with a handle, the client may still be showing a question to the user.
    following?.leave({ asked: patience.signal.aborted && !ctx.signal.aborted });
  }
}

async function ended(
  { service: { engine }, ctx: { owner }, task }: Wait,
  signal: AbortSignal,
  tell: ((task: Task) => Promise<void>) | undefined,
): Promise<EndedTask> {
  if (!tell) return await engine.result(owner.id, task.id, signal);
  for await (const view of engine.watch(owner.id, task.id, signal)) {
    if (view.outcome) return { ...view, outcome: view.outcome };
    await tell(view);
  }
  throw new Error('a watch ends with an outcome');
}

/** Sends the task's progress to the caller. Skips values that do not increase, because MCP requires each one to. */
function progressTeller(ctx: RequestContext): (task: Task) => Promise<void> {
  let told = -Infinity;
  return async (task) => {
    const progress = task.outcome ? undefined : currentProgress(task);
    if (!progress || progress.progress <= told) return;
    told = progress.progress;
    const params = { progressToken: progressTokenOf(ctx), ...progress };
    // A failed send can be ignored: it means that the client hung up, which also ends the wait.
    await ctx.stream.send({ jsonrpc: '2.0', method: 'notifications/progress', params }).catch(() => undefined);
  };
}
