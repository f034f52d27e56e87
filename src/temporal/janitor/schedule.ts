/** Schedules the janitor in Temporal, every hour: one schedule for all servers and workers of a task queue. @module */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import pRetry from 'p-retry';
import type { Logger } from '../../local/log.js';
import { JANITOR_WORKFLOW } from '../../task/names.js';

const EVERY = '1 hour';
/** How often to try to create the schedule, and the first and longest pause between tries, in milliseconds. */
const TRIES = { number: 60, first: 1_000, longest: 60_000 };

export interface JanitorOptions {
  readonly taskQueue: string;
  readonly logger: Logger;
  /** Ends the tries. */
  readonly signal: AbortSignal;
}

/** Returns the ID of the janitor's schedule. */
export function janitorScheduleId(taskQueue: string): string {
  return `mcp-tasks-janitor-${taskQueue}`;
}

/** Schedules the janitor once Temporal can be reached. Serving does not depend on it. */
export function startJanitor(client: Client, { taskQueue, logger, signal }: JanitorOptions): void {
  pRetry(async () => await ensureJanitor(client, taskQueue), {
    retries: TRIES.number,
    minTimeout: TRIES.first,
    maxTimeout: TRIES.longest,
    signal,
  }).catch((error: unknown) => {
    if (!signal.aborted)
      logger.warn(
        { taskQueue, namespace: client.options.namespace, err: error },
        'could not schedule the deletion of expired tasks; restart the server to try again',
      );
  });
}

/** Creates the janitor's schedule, unless another server has created it. */
async function ensureJanitor(client: Client, taskQueue: string): Promise<void> {
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
