/** The messages about tasks that clients of protocol 2025-11-25 get without asking. @module */
import type { UnsolicitedMessages } from '../version.js';
import { relatedTask, task2025 } from './task.js';

export const unsolicited: UnsolicitedMessages = {
  status: (task, pollInterval) => ({
    jsonrpc: '2.0',
    method: 'notifications/tasks/status',
    params: task2025(task, pollInterval),
  }),
  progress: ({ id, caller }, progress) => ({
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: caller?.progressToken, ...progress, _meta: relatedTask(id) },
  }),
  related: relatedTask,
};
