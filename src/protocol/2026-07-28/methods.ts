/** The `tasks/*` methods of protocol 2026-07-28. @module */
import { isMcpTasksError } from '../../task/errors.js';
import { method, TaskParams } from '../method.js';
import type { ProtocolVersion } from '../version.js';
import { requireTasks } from './capabilities.js';
import { detailedTask2026 } from './task.js';

export const methods: ProtocolVersion['methods'] = {
  'tasks/get': method({ params: TaskParams, poll: true }, async ({ taskId }, tasks, ctx) => {
    requireTasks(ctx);
    return detailedTask2026(await tasks.get(taskId), tasks.pollInterval);
  }),

  'tasks/cancel': method({ params: TaskParams, poll: true }, async ({ taskId }, tasks, ctx) => {
    requireTasks(ctx);
    try {
      await tasks.cancel(taskId);
    } catch (error) {
      // Cancelling a task that has already ended is acknowledged too.
      if (!isMcpTasksError(error, 'TASK_ENDED')) throw error;
    }
    return {};
  }),

  'tasks/update': method({ params: TaskParams, poll: false }, async ({ taskId }, tasks, ctx) => {
    requireTasks(ctx);
    await tasks.respond(taskId, ctx.inputResponses ?? {});
    return {};
  }),
};
