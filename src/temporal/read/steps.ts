/** Turns a workflow's pending activities and child workflows, as shown by `describe`, into a task's steps. @module */
import type { temporal } from '@temporalio/proto';
import { failuresBefore, NOT_REGISTERED } from '../../task/attempts.js';
import { stepName } from '../../task/names.js';
import { asReports, isHeartbeatDetails, progressOfHeartbeat } from '../../task/progress.js';
import type { Step } from '../../task/task.js';
import type { Calls } from '../rpc/calls.js';
import type { Description } from './describe.js';
import { failureOf, valuesOf } from '../rpc/payloads.js';
import { PendingActivityState } from '../rpc/proto.js';
import { optionalTsToMs } from '../seam.js';

type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;
type PendingChild = temporal.api.workflow.v1.IPendingChildExecutionInfo;

/** What the SDK writes in place of a message that it puts into a payload, so that the workers' codec encrypts it. */
const ENCODED = 'Encoded failure';

/** The maximum number of steps shown per task. */
const MOST_STEPS = 10;

/**
 * Returns the task's steps, without any details that cannot be decoded before `until`.
 * @param children whether to include child workflows; those of this package's own workflows do not interest a person
 */
export async function stepsOf(
  calls: Calls,
  description: Description,
  children: boolean,
  until: number,
): Promise<Step[]> {
  const { pendingActivities, pendingChildren } = description.raw;
  const activities = await Promise.all(
    (pendingActivities ?? []).slice(0, MOST_STEPS).map((activity) => stepOf(calls, activity, until)),
  );
  return [...activities, ...(children ? (pendingChildren ?? []) : []).map(childStep)].slice(0, MOST_STEPS);
}

/** `describe` says nothing about a child's state except that it is running. */
function childStep({ workflowTypeName }: PendingChild): Step {
  return { name: workflowTypeName ?? 'child workflow', state: 'running', attempt: 1, maximumAttempts: 0, changedAt: 0 };
}

async function stepOf(calls: Calls, activity: PendingActivity, until: number): Promise<Step> {
  const { lastFailure } = activity;
  const [details, failure] = await Promise.all([
    valuesOf(calls, activity.heartbeatDetails?.payloads, until).catch((): unknown[] => []),
    lastFailure ? failureOf(calls, lastFailure, until).catch(() => new Error(lastFailure.message ?? '')) : undefined,
  ]);
  const progress = progressOfHeartbeat(details);
  const started = optionalTsToMs(activity.lastStartedTime) ?? 0;
  const ended = optionalTsToMs(activity.lastAttemptCompleteTime) ?? 0;
  const scheduled = optionalTsToMs(activity.scheduledTime) ?? 0;
  const retryAt = optionalTsToMs(activity.nextAttemptScheduleTime);
  const { attempt, maximumAttempts } = activity;
  const before = failuresBefore(activity.activityId);
  const known = isHeartbeatDetails(details[0]) ? details[0] : undefined;
  const reported = known?.attempt?.lastFailure;
  const lastFailureText = failure
    ? (messageOf(failure) ?? reported ?? 'its message is too long to be shown')
    : reported;
  return {
    name: stepName(activity.activityType?.name ?? 'step'),
    state: stateOf(activity),
    // An interrupted step is scheduled again with its remaining attempts, which Temporal counts from 1.
    attempt: before + (attempt ?? 1),
    maximumAttempts: maximumAttempts ? before + maximumAttempts : 0,
    ...(lastFailureText === undefined ? {} : { lastFailure: lastFailureText }),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(progress === undefined ? {} : { progress }),
    ...(known?.reports ? { reports: asReports(known.reports) } : {}),
    changedAt: Math.max(started, ended, ended === 0 ? scheduled : 0, reportedAt(details[0], activity)),
  };
}

/**
 * Returns what went wrong. While an activity is retried, Temporal keeps only the first 4 KiB of its failure, as the
 * cause of one that says it was too large. An encrypted message is not among them; then this returns `undefined`.
 */
function messageOf({ message, cause }: Error): string | undefined {
  const text = cause instanceof Error && message === 'Failure exceeds size limit.' ? cause.message : message;
  return text === ENCODED ? undefined : text;
}

function stateOf(activity: PendingActivity): Step['state'] {
  if (activity.paused) return 'paused';
  if (activity.lastFailure?.applicationFailureInfo?.type === NOT_REGISTERED) return 'unregistered';
  if (activity.state === PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED) {
    return activity.nextAttemptScheduleTime ? 'retrying' : 'waiting';
  }
  return 'running';
}

/**
 * Returns when a step last reported news. Our own steps say so themselves. For others, only the last heartbeat is
 * known, and it may not have reported anything new.
 */
function reportedAt(details: unknown, activity: PendingActivity): number {
  const heartbeat = optionalTsToMs(activity.lastHeartbeatTime) ?? 0;
  return isHeartbeatDetails(details) ? Math.min(details.changedAt, heartbeat) : heartbeat;
}
