/** The operations of a request on its owner's tasks. @module */
import type { RequestContext } from '../../protocol/request.js';
import type { ProtocolVersion, TaskOperations } from '../../protocol/version.js';
import { isMcpTasksError } from '../../task/errors.js';
import type { Task } from '../../task/task.js';
import type { TaskService } from '../service.js';
import { fittingTask, resultOf } from './output.js';

/** @throws LimitExceeded if the owner asks about its tasks too often */
export function taskOperations(service: TaskService, version: ProtocolVersion, ctx: RequestContext): TaskOperations {
  const { engine, followers, cancellations, sessions, pollInterval } = service;
  const { owner, stream } = ctx;
  return {
    pollInterval,
    async get(taskId) {
      service.quota.read(ctx, taskId);
      const task = await getTask(service, taskId, ctx);
      sessions.shown(version, stream.session, owner, task);
      return followers.refusals.noted(task);
    },
    async result(taskId) {
      service.quota.read(ctx);
      const release = service.quota.hold(ctx, 'waitingRequests');
      try {
        const followed = { version, owner, taskId, stream };
        const task = await cancellations.run(ctx, (signal) => followers.ended(followed, signal));
        service.quota.ended(owner.id, task);
        return await resultOf(service, version, task);
      } finally {
        release();
      }
    },
    async cancel(taskId) {
      service.quota.read(ctx);
      return await cancelTask(service, taskId, ctx);
    },
    async respond(taskId, answers) {
      service.quota.read(ctx);
      try {
        await engine.respond(owner.id, taskId, answers);
      } catch (error) {
        if (isMcpTasksError(error, 'INVALID_ARGUMENTS')) {
          // Even if the task cannot be read now, the client must learn that its answer was refused.
          const { inputs } = await engine.get(owner.id, taskId).catch(() => ({ inputs: {} }));
          for (const key of Object.keys(answers).filter((one) => Object.hasOwn(inputs, one)))
            followers.refusals.add(taskId, key, undefined, error.message);
        }
        throw error;
      }
    },
    async list(cursor) {
      service.quota.read(ctx);
      return await listTasks(service, cursor, ctx);
    },
  };
}

/** @throws McpTasksError `TASK_NOT_FOUND` */
export async function getTask(service: TaskService, taskId: string, { owner }: RequestContext): Promise<Task> {
  const task = await service.engine.get(owner.id, taskId);
  service.quota.ended(owner.id, task);
  return await fittingTask(service, task);
}

/** @throws McpTasksError `TASK_ENDED` if the task has already ended */
export async function cancelTask(service: TaskService, taskId: string, { owner }: RequestContext): Promise<Task> {
  const task = await service.engine.cancel(owner.id, taskId);
  service.quota.ended(owner.id, task);
  service.logger.info({ taskId, tool: task.tool }, 'task cancelled');
  return task;
}

/** @throws McpTasksError `INVALID_CURSOR` */
export async function listTasks(
  service: TaskService,
  cursor: string | undefined,
  { owner }: RequestContext,
): Promise<{ tasks: Task[]; nextCursor?: string }> {
  const { tasks, ...next } = await service.engine.list(owner.id, cursor);
  const fitting = await Promise.all(tasks.map(async (task) => await fittingTask(service, task)));
  return { tasks: fitting.map((task) => service.followers.refusals.noted(task)), ...next };
}
