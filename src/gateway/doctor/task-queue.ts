/** The workers of a task queue, as Temporal sees them. @module */
import proto, { type temporal } from '@temporalio/proto';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import { within, type Calls } from '../../temporal/calls.js';
import { DEADLINE, error, ok, reasonOf, warning, type Finding } from './finding.js';

const { TaskQueueType, WorkerVersioningMode } = proto.temporal.api.enums.v1;
type Poller = temporal.api.taskqueue.v1.IPollerInfo;

/** By how much a poll may lie in the future before this machine's clock counts as wrong, in milliseconds. */
const SKEW = 2_000;

/** @param tools whose workflows wait there */
export async function taskQueueFindings(calls: Calls, name: string, tools: readonly string[]): Promise<Finding[]> {
  const { namespace } = calls.client.options;
  const what = `task queue ${name} (${tools.join(', ')})`;
  try {
    const request = { namespace, taskQueue: { name }, taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW };
    const { pollers, versioningInfo } = await calls.once(within(DEADLINE), async () => await calls.client.workflowService.describeTaskQueue(request));
    if (!pollers?.length) return [error(`${what}: no worker polls it`, 'start its workers, or correct `taskQueue` (and `namespace`): a task waits until one comes')];
    const stranded = pollers.every(isVersioned) && !versioningInfo?.currentDeploymentVersion;
    if (stranded) return [error(`${what}: its workers are versioned and no version is current, so they get no work`, 'temporal worker deployment set-current-version')];
    return [ok(`${what}: ${pollers.length} ${pollers.length === 1 ? 'worker' : 'workers'}`), ...clockFindings(pollers)];
  } catch (reason) {
    return [warning(`${what}: ${reasonOf(reason)}`, 'look for its workers yourself: temporal task-queue describe')];
  }
}

function isVersioned({ deploymentOptions }: Poller): boolean {
  return deploymentOptions?.workerVersioningMode === WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED;
}

/** The server's clock shows only in such times: that this machine's is ahead of it cannot be told. */
function clockFindings(pollers: readonly Poller[]): Finding[] {
  const ahead = Math.max(...pollers.map(({ lastAccessTime }) => optionalTsToMs(lastAccessTime) ?? 0)) - Date.now();
  return ahead > SKEW ? [warning(`this machine's clock is at least ${Math.round(ahead / 1000)} s behind the cluster's: tasks expire late`, 'set it by NTP')] : [];
}
