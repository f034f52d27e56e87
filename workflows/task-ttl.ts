/** The shipped workflow that cancels a task when its ttl passes, for tools with `onTtl: 'cancel'`. @module */
import { getExternalWorkflowHandle, log, sleep } from '@temporalio/workflow';

export interface TaskTtlInput {
  readonly taskId: string;
  /** When to cancel the task, in milliseconds since 1970. */
  readonly at: number;
}

/** Cancels the task's workflow, unless it has closed by then. */
export async function mcpTaskTtl({ taskId, at }: TaskTtlInput): Promise<void> {
  // The server delays the start until then. A server without support for that starts this workflow at once.
  const left = at - Date.now();
  if (left > 0) await sleep(left);
  try {
    await getExternalWorkflowHandle(taskId).cancel();
  } catch (error) {
    log.debug('the task had already ended when its ttl passed', { taskId, error });
  }
}
