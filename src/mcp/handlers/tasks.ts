/** The operations of a request on its owner's tasks. @module */
import type { RequestContext } from '../../protocol/request.js';
import type { ProtocolVersion, TaskOperations } from '../../protocol/version.js';
import { isMcpTasksError } from '../../task/errors.js';
import type { Task } from '../../task/task.js';
import type { TaskService } from '../service.js';
import { fittingTask, resultOf } from './output.js';

export function taskOperations(service: TaskService, version: ProtocolVersion, ctx: RequestContext): TaskOperations {
  const { engine, followers, cancellations, sessions, pollInterval } = service;
  const { owner, stream } = ctx;
  return {
    pollInterval,
    async get(taskId) {
      const task = await getTask(service, taskId, ctx);
      sessions.shown(version, stream.session, owner, task);
      return followers.refusals.noted(task);
    },
    async result(taskId) {
      const task = await cancellations.run(
        ctx,
        async (signal) => await followers.ended({ version, owner, taskId, stream }, signal),
      );
      return await resultOf(service, version, task);
    },
    cancel: async (taskId) => await cancelTask(service, taskId, ctx),
    async respond(taskId, answers) {
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
    list: async (cursor) => await listTasks(service, cursor, ctx),
  };
}

/** @throws McpTasksError `TASK_NOT_FOUND` */
export async function getTask(service: TaskService, taskId: string, { owner }: RequestContext): Promise<Task> {
  return await fittingTask(service, await service.engine.get(owner.id, taskId));
}

/** @throws McpTasksError `TASK_ENDED` if the task has already ended */
export async function cancelTask(service: TaskService, taskId: string, { owner }: RequestContext): Promise<Task> {
  const task = await service.engine.cancel(owner.id, taskId);
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
