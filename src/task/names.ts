/**
 * The names that server, worker and workflow code share. They are part of running tasks' histories: changing one breaks
 * every task in progress.
 * @module
 */

/** The shipped workflow that runs a function tool. */
export const TOOL_WORKFLOW = 'mcpToolTask';
/** The shipped workflow that runs a short tool: a function tool with `expected: 'seconds'`. */
export const SHORT_TOOL_WORKFLOW = 'mcpShortToolTask';
/** The shipped workflow that runs a command tool. */
export const COMMAND_WORKFLOW = 'mcpCommandTask';
/** The shipped workflow that holds the key of a running command tool, and the signal that releases the key. */
export const COMMAND_KEY_WORKFLOW = 'mcpCommandKey';
export const RELEASE_KEY_SIGNAL = 'mcpReleaseCommandKey';
/** The shipped workflow that reads a part of a file of a command tool's task. */
export const READ_FILE_WORKFLOW = 'mcpReadTaskFile';
/** Returns whether a workflow type runs function tools (`silent`), and whether those are short tools (`short`). */
export function toolWorkflow(type: string): { readonly silent?: true; readonly short?: true } {
  if (type === SHORT_TOOL_WORKFLOW) return { silent: true, short: true };
  return type === TOOL_WORKFLOW ? { silent: true } : {};
}
/** The shipped workflow that asks the client a question and then continues as the tool's own workflow. */
export const ASK_FIRST_WORKFLOW = 'mcpAskFirst';
/** The shipped workflow that cancels a task when its ttl passes. */
export const TTL_WORKFLOW = 'mcpTaskTtl';
/** The shipped workflow that deletes expired tasks, and its activity. */
export const JANITOR_WORKFLOW = 'mcpJanitor';
export const DELETE_EXPIRED_ACTIVITY = 'mcpDeleteExpired';
/** The workflow that notes the last generation of an idempotency key. No worker runs it. */
export const NOTE_WORKFLOW = 'mcpKeyGeneration';
/** The query that every task workflow answers; see {@link TaskReport}. */
export const REPORT_QUERY = 'mcpTask';
/** The update that delivers a client's answers to open input requests. */
export const RESPOND_UPDATE = 'mcpTaskRespond';
/** The signal that delivers a reply when no worker is available to take the update. */
export const REPLY_SIGNAL = 'mcpTaskReply';
/**
 * The update by which one of several server processes claims the right to ask the client a question or send it
 * progress.
 */
export const CLAIM_UPDATE = 'mcpTaskClaim';
/** The signal by which such a process releases a claim. */
export const RELEASE_SIGNAL = 'mcpTaskRelease';
/** The claim key for progress. A question's claim key is the key of its input request. */
export const PROGRESS_CLAIM = 'progress';
/** The failure types with which these updates are rejected. */
export const NONE_OPEN = 'NoneOpen';
export const CLAIM_REFUSED = 'ClaimRefused';
/** The detail of a refused claim if the session's client is no longer asked this question. */
export const NOT_ASKED = 'NotAsked';
/** The memo field that holds what must outlive continue-as-new; see {@link TaskMemo}. */
export const MEMO_KEY = 'mcpTask';
/** The reason that Temporal records for a cancellation through MCP, to distinguish it from an operator's. */
export const CANCEL_REASON = 'cancelled through MCP';
/** The default task queue. */
export const DEFAULT_TASK_QUEUE = 'mcp-tasks';

const TTL_PREFIX = 'mcp-ttl-';

/** Returns the ID of the workflow that cancels this task when its ttl passes. */
export function ttlWorkflowId(taskId: string): string {
  return TTL_PREFIX + taskId.slice('mcp-'.length);
}

/** Whether a workflow cancels tasks when their ttl passes. */
export function isTtlWorkflow(workflowId: string): boolean {
  return workflowId.startsWith(TTL_PREFIX);
}

const ACTIVITY_PREFIX = 'tool:';

/** Returns the activity type of a function tool. The prefix keeps it separate from the author's own activities. */
export function toolActivity(tool: string): string {
  return ACTIVITY_PREFIX + tool;
}

/** Returns the activity types of what a command tool does besides running its program. */
export function commandActivities(tool: string): {
  readonly plan: string;
  readonly cleanup: string;
  readonly read: string;
} {
  // A tool's name has no colon.
  const type = toolActivity(tool);
  return { plan: `${type}:plan`, cleanup: `${type}:cleanup`, read: `${type}:read` };
}

/** Returns a step's display name: the tool's name for a function tool's step, otherwise the activity type. */
export function stepName(activityType: string): string {
  return activityType.startsWith(ACTIVITY_PREFIX) ? activityType.slice(ACTIVITY_PREFIX.length) : activityType;
}
