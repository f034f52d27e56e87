/** Decides which workflow a call starts, and with which arguments. Pure. @module */
import { createHash } from 'node:crypto';
import { ASK_FIRST_WORKFLOW, COMMAND_WORKFLOW, SHORT_TOOL_WORKFLOW, TOOL_WORKFLOW } from '../../task/names.js';
import type { CommandWork, DurableTool } from '../../tool/define-tool.js';
import { argumentsOf } from '../../task/workflow-mapping.js';
import { runPolicy } from '../../tool/policy.js';
import type { StartRequest } from './start-request.js';

export interface WorkflowStart {
  readonly workflowType: string;
  readonly args: readonly unknown[];
}

/** @param defaultTaskQueue the task queue of tools that do not name one */
export function workflowStart({ tool, args, answer, askFirst }: StartRequest, defaultTaskQueue: string): WorkflowStart {
  const { work, taskQueue, timeouts } = tool;
  const start = ownStart({ ...tool, taskQueue: taskQueue ?? defaultTaskQueue }, args);
  const existing = work.kind === 'workflow' && work.existing !== undefined;
  // An existing workflow does not take the answer and has its own workers.
  const elsewhere = { ...(taskQueue === undefined ? {} : { taskQueue }), withoutAnswer: true };
  // The tool's run begins once the question is answered.
  const runTimeout = timeouts?.run === undefined ? {} : { runTimeout: timeouts.run };
  if (askFirst)
    return {
      workflowType: ASK_FIRST_WORKFLOW,
      args: [{ form: askFirst, ...start, ...runTimeout, ...(existing ? elsewhere : {}) }],
    };
  return answer === undefined || existing ? start : { ...start, args: [...start.args, answer] };
}

function ownStart(
  { name, work, retry, timeouts, expected, taskQueue }: DurableTool & { readonly taskQueue: string },
  args: unknown,
): WorkflowStart {
  if (work.kind === 'function') {
    const input = { tool: name, args, policy: runPolicy(retry, timeouts) };
    if (work.command)
      return { workflowType: COMMAND_WORKFLOW, args: [{ ...input, ...commandInput(work.command, args, taskQueue) }] };
    return { workflowType: expected === 'seconds' ? SHORT_TOOL_WORKFLOW : TOOL_WORKFLOW, args: [input] };
  }
  return { workflowType: work.workflowType, args: argumentsOf(args, work.existing?.args) };
}

function commandInput({ key, question, cleanup }: CommandWork, args: unknown, taskQueue: string): object {
  return {
    ...(key ? { key: keyId(taskQueue, key(args as never)) } : {}),
    ...(question ? { question: question(args as never) } : {}),
    ...(cleanup ? { cleanup: true } : {}),
  };
}

/** Keys may contain arguments, and the ID of a workflow is never encrypted. */
function keyId(taskQueue: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([taskQueue, key]))
    .digest('hex');
}
