/** The memo of the running workflow. @module */
import { workflowInfo } from '@temporalio/workflow';
import { isTaskMemo, type TaskMemo } from '../task/memo.js';
import { MEMO_KEY } from '../task/names.js';

/** Returns what the task's start stored; `undefined` if the workflow is not a task. */
export function taskMemo(): TaskMemo | undefined {
  const memo = workflowInfo().memo?.[MEMO_KEY];
  return isTaskMemo(memo) ? memo : undefined;
}
