/** Decides which workflow a call starts, and with which arguments. Pure. @module */
import { ASK_FIRST_WORKFLOW, SHORT_TOOL_WORKFLOW, TOOL_WORKFLOW } from '../../task/names.js';
import type { DurableTool } from '../../tool/define-tool.js';
import { argumentsOf } from '../../task/workflow-mapping.js';
import { runPolicy } from '../../tool/policy.js';
import type { StartRequest } from './start-request.js';

export interface WorkflowStart {
  readonly workflowType: string;
  readonly args: readonly unknown[];
}

export function workflowStart({ tool, args, answer, askFirst }: StartRequest): WorkflowStart {
  const { work, taskQueue, timeouts } = tool;
  const start = ownStart(tool, args);
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

function ownStart({ name, work, retry, timeouts, expected }: DurableTool, args: unknown): WorkflowStart {
  const workflowType = expected === 'seconds' ? SHORT_TOOL_WORKFLOW : TOOL_WORKFLOW;
  if (work.kind === 'function')
    return { workflowType, args: [{ tool: name, args, policy: runPolicy(retry, timeouts) }] };
  return { workflowType: work.workflowType, args: argumentsOf(args, work.existing?.args) };
}
