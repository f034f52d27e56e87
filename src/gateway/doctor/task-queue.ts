/** Checks the workers of a task queue, as Temporal sees them. @module */
import proto, { type temporal } from '@temporalio/proto';
import { within, type Calls } from '../../temporal/rpc/calls.js';
import { DEADLINE, error, ok, reasonOf, spoken, warning, type Finding } from './finding.js';
import { optionalTsToMs } from '../../temporal/seam.js';

const { TaskQueueType, WorkerVersioningMode } = proto.temporal.api.enums.v1;
type Poller = temporal.api.taskqueue.v1.IPollerInfo;
type Version = temporal.api.deployment.v1.IWorkerDeploymentVersion;

/** How far in the future a poll may be before this machine's clock counts as wrong, in milliseconds. */
const SKEW = 2_000;
/**
 * How long ago a worker's latest poll may be, in milliseconds. A poll lasts up to a minute and is recorded when it
 * begins and when it ends. Temporal lists workers for about five minutes after that.
 */
const SILENCE = 90_000;

/**
 * Checks that workers poll a task queue and that new workflows reach them.
 * @param tools the names of the tools whose workflows use this task queue
 */
export async function taskQueueFindings(calls: Calls, name: string, tools: readonly string[]): Promise<Finding[]> {
  const { namespace } = calls.client.options;
  const what = `task queue ${name} (${tools.join(', ')})`;
  try {
    // Check only workflow pollers: a workflow may run its activities on other task queues.
    const request = { namespace, taskQueue: { name }, taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW };
    const { pollers, versioningInfo } = await calls.once(
      within(DEADLINE),
      async () => await calls.client.workflowService.describeTaskQueue(request),
    );
    const seen = (pollers ?? []).map((poller) => ({
      ...poller,
      ago: Date.now() - (optionalTsToMs(poller.lastAccessTime) ?? 0),
    }));
    const [newest] = seen.toSorted((a, b) => a.ago - b.ago);
    if (!newest)
      return [
        error(
          `${what}: no worker polls it`,
          'start its workers, or correct `taskQueue` or `namespace`: tasks wait until a worker polls',
        ),
      ];
    const here = seen.filter(({ ago }) => ago <= SILENCE);
    if (here.length === 0)
      return [
        error(
          `${what}: no worker polls it any more; the last poll was ${spoken(newest.ago)} ago`,
          "start its workers: tasks wait until one polls. If they are running, this machine's clock is ahead of the cluster's: synchronize it with NTP, or tasks expire early",
        ),
      ];
    const idle = versionProblem(here, versioningInfo?.currentDeploymentVersion);
    const found =
      idle === undefined
        ? ok(
            `${what}: ${here.length} ${here.length === 1 ? 'worker' : 'workers'}, last seen ${spoken(Math.max(newest.ago, 0))} ago`,
          )
        : error(
            `${what}: ${idle}`,
            'run "temporal worker deployment set-current-version", or start workers of the current version',
          );
    return [found, ...clockFindings(-newest.ago)];
  } catch (reason) {
    return [
      warning(
        `${what}: ${reasonOf(reason)}`,
        `check its workers yourself: temporal task-queue describe --task-queue ${name} --namespace ${namespace}`,
      ),
    ];
  }
}

/**
 * Returns why these workers get no new workflows, if so. New workflows go to the current version or, if there is none,
 * to unversioned workers.
 */
function versionProblem(pollers: readonly Poller[], current: Version | null | undefined): string | undefined {
  if (!current?.buildId)
    return pollers.every(isVersioned)
      ? 'its workers are versioned but no version is current, so they get no new workflows'
      : undefined;
  const isCurrent = ({ deploymentOptions }: Poller): boolean =>
    deploymentOptions?.buildId === current.buildId && deploymentOptions?.deploymentName === current.deploymentName;
  return pollers.some((poller) => isVersioned(poller) && isCurrent(poller))
    ? undefined
    : `the current version is ${current.deploymentName}.${current.buildId}, which has no worker`;
}

function isVersioned({ deploymentOptions }: Poller): boolean {
  return deploymentOptions?.workerVersioningMode === WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED;
}

/** Warns if this machine's clock is behind. The times of polls are the only sign of the server's clock. */
function clockFindings(ahead: number): Finding[] {
  return ahead > SKEW
    ? [
        warning(
          `this machine's clock is at least ${spoken(ahead)} behind the cluster's, so tasks expire late`,
          'synchronize it with NTP',
        ),
      ]
    : [];
}
