/**
 * The names under which server, worker and workflow code meet. They are part of running tasks' histories:
 * changing one breaks every task that is under way.
 * @module
 */

/** The shipped workflow that runs a function tool. */
export const TOOL_WORKFLOW = 'mcpToolTask';
/** The shipped workflow that puts a question to the client and then goes on as the task's own. */
export const ASK_FIRST_WORKFLOW = 'mcpAskFirst';
/** The query every task workflow answers; see {@link TaskReport}. */
export const REPORT_QUERY = 'mcpTask';
/** The update that takes a client's answers to open input requests. */
export const RESPOND_UPDATE = 'mcpTaskRespond';
/** The signal that brings a reply where no worker is there to take the update. */
export const REPLY_SIGNAL = 'mcpTaskReply';
/** The update by which one of several server processes gets to put a question to the client, or to tell it of progress. */
export const CLAIM_UPDATE = 'mcpTaskClaim';
/** What is claimed for progress; for a question it is the input request's key. */
export const PROGRESS_CLAIM = 'progress';
/** The failure types by which these updates are refused. */
export const NONE_OPEN = 'NoneOpen';
export const CLAIM_REFUSED = 'ClaimRefused';
/** The memo field that holds what must outlive continue-as-new; see {@link TaskMemo}. */
export const MEMO_KEY = 'mcpTask';
/** The task queue where nothing else is said. */
export const DEFAULT_TASK_QUEUE = 'mcp-tasks';

const ACTIVITY_PREFIX = 'tool:';

/** The activity type of a function tool; the prefix keeps it apart from the author's own activities. */
export function toolActivity(tool: string): string {
  return ACTIVITY_PREFIX + tool;
}

/** What a step is called in front of a person: a function tool's step by its tool, another by its activity type. */
export function stepName(activityType: string): string {
  return activityType.startsWith(ACTIVITY_PREFIX) ? activityType.slice(ACTIVITY_PREFIX.length) : activityType;
}
