/** Which workflow a call starts, and with what. Pure. @module */
import type { FormRequest } from '../task/form.js';
import { ASK_FIRST_WORKFLOW, TOOL_WORKFLOW } from '../task/names.js';
import type { DurableTool } from '../tool/define-tool.js';
import { runPolicy } from '../tool/policy.js';

export interface Work {
  readonly tool: DurableTool;
  /** A function tool's arguments as they came (its worker parses them), a workflow tool's as its schema parsed them. */
  readonly args: unknown;
  /** What the work is given besides the arguments: an answer to a question that was asked before the start. */
  readonly answer?: Readonly<Record<string, unknown>>;
  /** A form that the task puts to the client before its work begins. */
  readonly askFirst?: FormRequest;
}

export interface WorkflowStart {
  readonly workflowType: string;
  readonly args: readonly unknown[];
}

export function workflowStart({ tool, args, answer, askFirst }: Work): WorkflowStart {
  const { work, retry, timeouts } = tool;
  const start: WorkflowStart =
    work.kind === 'workflow' ? { workflowType: work.workflowType, args: [args] } : { workflowType: TOOL_WORKFLOW, args: [{ tool: tool.name, args, policy: runPolicy(retry, timeouts) }] };
  if (askFirst) return { workflowType: ASK_FIRST_WORKFLOW, args: [{ form: askFirst, ...start }] };
  return answer === undefined ? start : { ...start, args: [...start.args, answer] };
}
