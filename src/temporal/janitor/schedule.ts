/** Schedules the janitor in Temporal, every hour: one schedule for all servers and workers of a task queue. @module */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { JANITOR_WORKFLOW } from '../../task/names.js';

const EVERY = '1 hour';

/** Returns the ID of the janitor's schedule. */
export function janitorScheduleId(taskQueue: string): string {
  return `mcp-tasks-janitor-${taskQueue}`;
}

/** Creates the janitor's schedule, unless another server has created it. */
export async function ensureJanitor(client: Client, taskQueue: string): Promise<void> {
  const scheduleId = janitorScheduleId(taskQueue);
  try {
    await client.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: EVERY }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: EVERY },
      action: { type: 'startWorkflow', workflowType: JANITOR_WORKFLOW, workflowId: scheduleId, taskQueue },
      state: { note: 'Deletes the closed workflows of expired MCP tasks (option deleteExpired of mcp-tasks-temporal)' },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
