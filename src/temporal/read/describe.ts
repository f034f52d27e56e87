/** Reads what Temporal knows about a workflow, which needs no worker. Decodes payloads only on request. @module */
import type { temporal } from '@temporalio/proto';
import { isTaskMemo, type TaskMemo } from '../../task/memo.js';
import { MEMO_KEY } from '../../task/names.js';
import type { Calls } from '../rpc/calls.js';
import { valuesOf } from '../rpc/payloads.js';
import { WorkflowExecutionStatus } from '../rpc/proto.js';
import { optionalTsToMs } from '../seam.js';

export interface Description {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly historyLength: number;
  /** In milliseconds since 1970; `undefined` while it is open. */
  readonly endedAt: number | undefined;
  /** Whether this run was cancelled or its cancellation requested. */
  readonly cancelled: boolean;
  readonly raw: temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse;
}

/**
 * Describes a workflow run.
 * @param runId one of the workflow's runs. @default the newest
 * @throws McpTasksError `TASK_NOT_FOUND`, `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED`
 */
export async function describe(calls: Calls, workflowId: string, until: number, runId?: string): Promise<Description> {
  const { client } = calls;
  const request = {
    namespace: client.options.namespace,
    execution: { workflowId, ...(runId === undefined ? {} : { runId }) },
  };
  const raw = await calls.run(until, async () => await client.workflowService.describeWorkflowExecution(request));
  const info = raw.workflowExecutionInfo;
  return {
    workflowId,
    runId: info?.execution?.runId ?? '',
    type: info?.type?.name ?? '',
    historyLength: Number(info?.historyLength ?? 0),
    endedAt: optionalTsToMs(info?.closeTime),
    cancelled:
      info?.status === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED ||
      raw.workflowExtendedInfo?.cancelRequested === true,
    raw,
  };
}

/**
 * Returns the memo that the task's start stored; `undefined` if the workflow is not a task.
 * @throws McpTasksError `PAYLOAD_UNREADABLE`, `CODEC_FAILED`, `CONFIGURATION` if a codec server refuses,
 * `TEMPORAL_UNAVAILABLE`
 */
export async function memoOf(
  calls: Calls,
  { workflowId, raw }: Description,
  until: number,
): Promise<TaskMemo | undefined> {
  const payload = raw.workflowExecutionInfo?.memo?.fields?.[MEMO_KEY];
  if (!payload) return undefined;
  const [memo] = await valuesOf(calls, [payload], until, {
    type: 'workflow',
    namespace: calls.client.options.namespace,
    workflowId,
  });
  return isTaskMemo(memo) ? memo : undefined;
}
