/**
 * Deletes the closed workflows of expired tasks whose server allowed it when it started them. Deletes closed runs only,
 * each by its run ID, so a running workflow is never touched.
 * @module
 */
import { isTaskId } from '../../task/id.js';
import { isExpired } from '../../task/task.js';
import { describe } from '../read/describe.js';
import { Memos } from '../read/memos.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import { isMcpTasksError } from '../../task/errors.js';

/** The maximum number of workflows per visibility query. */
const PAGE = 100;
/**
 * How long one call may look, in milliseconds; its activity may take 30 minutes. Temporal lists the newest runs first,
 * so a limit on their number would hide expired tasks behind newer ones that have to be kept.
 */
const LONGEST_LOOK = 25 * 60_000;

/** A closed run. */
interface ClosedRun {
  readonly workflowId: string;
  readonly runId: string;
}

/**
 * Deletes the runs of expired tasks, and returns their number.
 * @param alive called after each page; throws to stop
 */
export async function deleteExpired(calls: Calls, alive: () => void): Promise<number> {
  const memos = new Memos(calls);
  let deleted = 0;
  // The query excludes runs that continued as new: those are earlier runs of a task, and are deleted with its last one.
  const closed =
    "WorkflowId BETWEEN 'mcp-0' AND 'mcp-g' AND CloseTime IS NOT NULL AND ExecutionStatus != 'ContinuedAsNew'";
  for await (const page of pages(calls, closed)) {
    for (const run of page) if (await isDeletable(calls, memos, run)) deleted += await deleteRuns(calls, run);
    alive();
  }
  return deleted;
}

async function isDeletable(calls: Calls, memos: Memos, { workflowId, runId }: ClosedRun): Promise<boolean> {
  // Other applications may have workflows with similar IDs.
  if (!isTaskId(workflowId)) return false;
  try {
    const newest = await describe(calls, workflowId, within(DEADLINE.read));
    const { endedAt } = newest;
    // If an operator has reset it, the newest run is another one.
    if (newest.runId !== runId || endedAt === undefined) return false;
    const memo = await memos.get(newest, within(DEADLINE.read));
    return memo.deletable === true && isExpired({ ...memo, endedAt }, Date.now());
  } catch (error) {
    // It has already been deleted, or its memo cannot be read.
    if (isMcpTasksError(error, 'TASK_NOT_FOUND') || isMcpTasksError(error, 'PAYLOAD_UNREADABLE')) return false;
    throw error;
  }
}

/** Deletes a task's closed runs, the last one last, so that a failure in between leaves the task to be found again. */
async function deleteRuns(calls: Calls, last: ClosedRun): Promise<number> {
  const { client } = calls;
  const runs: ClosedRun[] = [];
  for await (const page of pages(calls, `WorkflowId = '${last.workflowId}' AND CloseTime IS NOT NULL`))
    runs.push(...page);
  const ordered = [...runs.filter(({ runId }) => runId !== last.runId), last];
  for (const workflowExecution of ordered) {
    const request = { namespace: client.options.namespace, workflowExecution };
    await calls
      .run(within(DEADLINE.list), async () => await client.workflowService.deleteWorkflowExecution(request))
      .catch((error: unknown) => {
        if (!isMcpTasksError(error, 'TASK_NOT_FOUND')) throw error;
      });
  }
  return ordered.length;
}

async function* pages(calls: Calls, query: string): AsyncGenerator<ClosedRun[], void> {
  const { client } = calls;
  let nextPageToken: Uint8Array | null | undefined;
  const until = within(LONGEST_LOOK);
  while (Date.now() < until) {
    const request = {
      namespace: client.options.namespace,
      query,
      pageSize: PAGE,
      ...(nextPageToken ? { nextPageToken } : {}),
    };
    const answer = await calls.run(
      within(DEADLINE.list),
      async () => await client.workflowService.listWorkflowExecutions(request),
    );
    yield (answer.executions ?? []).map(({ execution }) => ({
      workflowId: execution?.workflowId ?? '',
      runId: execution?.runId ?? '',
    }));
    ({ nextPageToken } = answer);
    if (!nextPageToken?.length) return;
  }
}
