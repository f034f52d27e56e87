/** The `tasks/*` methods. @module */
import { z } from 'zod';
import { isMcpTasksError } from '../../task/errors.js';
import type { Task } from '../../task/task.js';
import { status2025, task2025, withRelatedTask } from '../../wire/v2025.js';
import { detailedTask2026 } from '../../wire/v2026.js';
import { requireTasks } from '../request/capabilities.js';
import { asRpcFaults, invalidParams, methodNotFound } from '../request/errors.js';
import { fittingTask, resultOf } from './output.js';
import type { Answer, Era, RequestContext } from '../request/request.js';
import type { TaskService } from '../service.js';

/** Loose, because some clients also send `task` and other fields. Only the task ID determines which task is meant. */
const TaskParams = z.looseObject({ taskId: z.string() });
const ListParams = z.looseObject({ cursor: z.string().optional() });

export interface Method {
  readonly params: z.ZodType;
  handle(params: unknown, ctx: RequestContext): Promise<Answer>;
}

/**
 * Returns the `tasks/*` methods of `era`. `subscriptions/listen` is handled elsewhere, in front of the server instance.
 */
export function taskMethods(service: TaskService, era: Era): Readonly<Record<string, Method>> {
  const handlers = era === '2026-07-28' ? methods2026(service) : methods2025(service);
  return Object.fromEntries(
    Object.entries(handlers).map(([method, handle]) => {
      const safely: Method['handle'] = async (params, ctx) => {
        const { taskId } = params as { taskId?: string };
        return await asRpcFaults(
          service.logger,
          { method, taskId },
          ctx.signal,
          async () => await handle(params as never, ctx),
        );
      };
      return [method, { params: method === 'tasks/list' ? ListParams : TaskParams, handle: safely }];
    }),
  );
}

type Handler = (params: { taskId: string; cursor?: string }, ctx: RequestContext) => Promise<Answer>;

function methods2026(service: TaskService): Record<string, Handler> {
  return {
    async 'tasks/get'({ taskId }, ctx) {
      requireTasks(ctx);
      return detailedTask2026(
        await fittingTask(service, await service.engine.get(ctx.owner.id, taskId)),
        service.pollInterval,
      );
    },
    async 'tasks/cancel'({ taskId }, ctx) {
      requireTasks(ctx);
      await acknowledgeCancel(service, taskId, ctx);
      return {};
    },
    async 'tasks/update'({ taskId }, ctx) {
      requireTasks(ctx);
      await service.engine.respond(ctx.owner.id, taskId, ctx.inputResponses ?? {});
      return {};
    },
  };
}

function methods2025(service: TaskService): Record<string, Handler> {
  return {
    async 'tasks/get'({ taskId }, ctx) {
      const task = await fittingTask(service, await service.engine.get(ctx.owner.id, taskId));
      service.sessions.shown(ctx.stream.session, ctx.owner, task);
      return task2025(task, service.pollInterval);
    },
    async 'tasks/result'({ taskId }, ctx) {
      const task = await service.cancellations.run(
        ctx,
        async (signal) => await service.followers.ended(ctx.owner, taskId, ctx.stream, signal),
      );
      return { ...withRelatedTask(await resultOf(service, '2025-11-25', task), taskId) };
    },
    async 'tasks/cancel'({ taskId }, ctx) {
      try {
        return task2025(await cancelTask(service, taskId, ctx), service.pollInterval);
      } catch (error) {
        if (!isMcpTasksError(error, 'TASK_ENDED')) throw error;
        const ended = await fittingTask(service, await service.engine.get(ctx.owner.id, taskId));
        throw invalidParams(`Cannot cancel task: already in terminal status '${status2025(ended)}'`);
      }
    },
    async 'tasks/list'({ cursor }, { owner }) {
      if (!owner.mayList) throw methodNotFound('tasks/list needs an authenticated requestor');
      const { tasks, nextCursor } = await service.engine.list(owner.id, cursor);
      const fitted = await Promise.all(tasks.map(async (task) => await fittingTask(service, task)));
      return {
        tasks: fitted.map((task) => task2025(task, service.pollInterval)),
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },
  };
}

/** @throws McpTasksError `TASK_ENDED` if the task has already ended */
export async function cancelTask(service: TaskService, taskId: string, { owner }: RequestContext): Promise<Task> {
  const task = await service.engine.cancel(owner.id, taskId);
  service.logger.info({ taskId, tool: task.tool }, 'task cancelled');
  return task;
}

/** Cancels a task. In 2026-07-28 cancelling a task that has already ended is acknowledged too. */
async function acknowledgeCancel(service: TaskService, taskId: string, ctx: RequestContext): Promise<void> {
  try {
    await cancelTask(service, taskId, ctx);
  } catch (error) {
    if (!isMcpTasksError(error, 'TASK_ENDED')) throw error;
  }
}
