/** The `tasks/*` methods of protocol 2025-11-25. @module */
import { isMcpTasksError } from '../../task/errors.js';
import { invalidParams, methodNotFound } from '../errors.js';
import { CursorParams, method, TaskParams } from '../method.js';
import type { ProtocolVersion } from '../version.js';
import { relatedTask, status2025, task2025 } from './task.js';

export const methods: ProtocolVersion['methods'] = {
  'tasks/get': method({ params: TaskParams, poll: true }, async ({ taskId }, tasks) =>
    task2025(await tasks.get(taskId), tasks.pollInterval),
  ),

  'tasks/result': method({ params: TaskParams, poll: false, waits: true }, async ({ taskId }, tasks) => {
    const result = await tasks.result(taskId);
    return { ...result, _meta: { ...result._meta, ...relatedTask(taskId) } };
  }),

  'tasks/cancel': method({ params: TaskParams, poll: true }, async ({ taskId }, tasks) => {
    try {
      return task2025(await tasks.cancel(taskId), tasks.pollInterval);
    } catch (error) {
      if (!isMcpTasksError(error, 'TASK_ENDED')) throw error;
      const status = status2025(await tasks.get(taskId));
      throw invalidParams(`Cannot cancel task: already in terminal status '${status}'`);
    }
  }),

  'tasks/list': method({ params: CursorParams, poll: true }, async ({ cursor }, tasks, { owner }) => {
    if (!owner.mayList) throw methodNotFound('tasks/list needs an authenticated requestor');
    const { tasks: page, ...next } = await tasks.list(cursor);
    return { tasks: page.map((task) => task2025(task, tasks.pollInterval)), ...next };
  }),
};
