/** What Temporal knows of a workflow, with no worker needed. Of its payloads nothing is decoded that is not asked for. @module */
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
  /** Milliseconds since 1970. */
  readonly endedAt: number | undefined;
  /** Whether cancellation of this run was requested. */
  readonly cancelled: boolean;
  readonly raw: temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse;
}

/**
 * @param runId one of its runs. @default the newest
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
 * What the task's start has left; `undefined` for a workflow that is none.
 * @throws McpTasksError `PAYLOAD_UNREADABLE`, `CODEC_FAILED`, `TEMPORAL_UNAVAILABLE`
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
