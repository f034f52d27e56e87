/** The shipped workflow that deletes expired tasks. A Temporal Schedule runs it if a server sets `deleteExpired`. @module */
import { proxyActivities } from '@temporalio/workflow';
import { DELETE_EXPIRED_ACTIVITY } from '../src/task/names.js';

type DeleteExpired = () => Promise<number>;

/** Deletes the closed workflows of expired tasks, and returns the number of deleted runs. */
export async function mcpJanitor(): Promise<number> {
  const activities = proxyActivities<Record<typeof DELETE_EXPIRED_ACTIVITY, DeleteExpired>>({
    startToCloseTimeout: '30 minutes',
    heartbeatTimeout: '5 minutes',
    retry: { maximumAttempts: 3 },
  });
  return await activities[DELETE_EXPIRED_ACTIVITY]();
}
