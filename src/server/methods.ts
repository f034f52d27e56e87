/** The `tasks/*` methods. @module */
import { ProtocolError, ProtocolErrorCode, type McpServer, type Result, type ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { isMcpTasksError } from '../task/errors.js';
import type { Task } from '../task/task.js';
import { answer2025, status2025, task2025, withRelatedTask } from '../wire/v2025.js';
import { detailedTask2026 } from '../wire/v2026.js';
import { requireTasks } from './capabilities.js';
import { asProtocolErrors, methodNotFound } from './errors.js';
import { fittingOutcome, fittingTask } from './output.js';
import type { Owner } from './owner.js';
import type { Era, TaskService } from './service.js';

/** Loose: some clients send `task` and other fields along. The task ID is the only truth about which task is meant. */
const TaskParams = z.looseObject({ taskId: z.string() });
const ListParams = z.looseObject({ cursor: z.string().optional() });

/** Registers what `era` has, but for `subscriptions/listen`, which is not a method of a server instance: see `subscription.ts`. */
export function registerTaskMethods(mcp: McpServer, service: TaskService, era: Era, owner: Owner): void {
  const on = <P>(method: string, params: z.ZodType<P>, handler: (params: P, ctx: ServerContext) => Promise<Result>): void => {
    mcp.server.setRequestHandler(method, { params }, async (parsed, ctx) => {
      const { taskId } = parsed as { taskId?: string };
      return await asProtocolErrors(service.logger, { method, taskId }, ctx.mcpReq.signal, async () => await handler(parsed, ctx));
    });
  };
  if (era === '2026-07-28') {
    on('tasks/get', TaskParams, async ({ taskId }, ctx) => {
      requireTasks(ctx);
      return detailedTask2026(await fittingTask(service, await service.engine.get(owner.id, taskId)), service.pollInterval);
    });
    on('tasks/cancel', TaskParams, async ({ taskId }, ctx) => {
      requireTasks(ctx);
      await acknowledgeCancel(service, owner, taskId);
      return {};
    });
    on('tasks/update', TaskParams, async ({ taskId }, ctx) => {
      requireTasks(ctx);
      // The SDK has lifted the answers out of the params, and dropped those that are no responses: they are ignored as well.
      await service.engine.respond(owner.id, taskId, ctx.mcpReq.inputResponses ?? {});
      return {};
    });
    return;
  }
  on('tasks/get', TaskParams, async ({ taskId }) => task2025(await fittingTask(service, await service.engine.get(owner.id, taskId)), service.pollInterval));
  on('tasks/result', TaskParams, async ({ taskId }, ctx) => await result2025(service, owner, taskId, ctx.mcpReq.signal));
  on('tasks/cancel', TaskParams, async ({ taskId }) => await cancel2025(service, owner, taskId));
  on('tasks/list', ListParams, async ({ cursor }) => {
    if (!owner.mayList) throw methodNotFound('tasks/list needs an authenticated requestor');
    const { tasks, nextCursor } = await service.engine.list(owner.id, cursor);
    const fitted = await Promise.all(tasks.map(async (task) => await fittingTask(service, task)));
    return { tasks: fitted.map((task) => task2025(task, service.pollInterval)), ...(nextCursor === undefined ? {} : { nextCursor }) };
  });
}

async function result2025(service: TaskService, owner: Owner, taskId: string, signal: AbortSignal): Promise<Result> {
  const task = await service.engine.result(owner.id, taskId, signal);
  const answer = answer2025(await fittingOutcome(service.tools.get(task.tool), task.outcome));
  if ('error' in answer) throw new ProtocolError(answer.error.code, answer.error.message, answer.error.data);
  return { ...withRelatedTask(answer.result, taskId) };
}

/** 2025-11-25 refuses to cancel a task that has ended, and says how it has. */
async function cancel2025(service: TaskService, owner: Owner, taskId: string): Promise<Result> {
  try {
    return task2025(await cancel(service, owner, taskId), service.pollInterval);
  } catch (error) {
    if (!isMcpTasksError(error, 'TASK_ENDED')) throw error;
    const ended = await fittingTask(service, await service.engine.get(owner.id, taskId));
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Cannot cancel task: already in terminal status '${status2025(ended)}'`);
  }
}

async function cancel(service: TaskService, owner: Owner, taskId: string): Promise<Task> {
  const task = await service.engine.cancel(owner.id, taskId);
  service.logger.info({ taskId, tool: task.tool }, 'task cancelled');
  return task;
}

/** 2026-07-28 acknowledges the cancelling of a task that has already ended. */
async function acknowledgeCancel(service: TaskService, owner: Owner, taskId: string): Promise<void> {
  try {
    await cancel(service, owner, taskId);
  } catch (error) {
    if (!isMcpTasksError(error, 'TASK_ENDED')) throw error;
  }
}
