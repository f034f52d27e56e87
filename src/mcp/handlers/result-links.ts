/**
 * Links results that are too large for a model's context: the answer has a preview and a link, and the owner reads the
 * rest as a resource, in ranges. Nothing extra is stored: the resource is the task's own result.
 * @module
 */
import { invalidParams } from '../../protocol/errors.js';
import type { RequestContext, RpcResult } from '../../protocol/request.js';
import { cut, number } from '../../limits/limits.js';
import { isMcpTasksError } from '../../task/errors.js';
import { resultText, type ToolResult } from '../../task/result.js';
import type { Outcome, Task } from '../../task/task.js';
import type { DurableTool } from '../../tool/define-tool.js';
import { asRpcFaults } from '../request/faults.js';
import type { TaskService } from '../service.js';

/** The URIs of a whole result and of a range of it. */
export const RESULT_TEMPLATES = [
  {
    name: 'mcp-task-result',
    uriTemplate: 'mcp-task://{taskId}/result',
    title: 'Result of a task',
    description: 'The whole text of the result of one of your tasks.',
  },
  {
    name: 'mcp-task-result-range',
    uriTemplate: 'mcp-task://{taskId}/result{?offset,length}',
    title: 'Part of the result of a task',
    description:
      'A part of the text of the result of one of your tasks: `length` characters from `offset`. Without `offset` from the beginning, without `length` to the end.',
  },
] as const;

/** The variables of the URI of a result. */
export interface ResultRange {
  readonly taskId: string;
  readonly offset?: string;
  readonly length?: string;
}

/**
 * Returns the variables of a result's URI. The SDKs' own templates match only URIs with all variables, in this order.
 * @returns null if it is another URI
 */
export function matchResult(uri: string): Record<string, string> | null {
  const [, taskId, query] = /^mcp-task:\/\/([^/?#]+)\/result(?:\?([^#]*))?$/.exec(uri) ?? [];
  if (taskId === undefined) return null;
  const range = [...new URLSearchParams(query)];
  const known = range.every(([name], at) => RANGE.has(name) && range.findIndex(([other]) => other === name) === at);
  return known ? { ...Object.fromEntries(range), taskId } : null;
}

const RANGE = new Set(['offset', 'length']);

/** The defaults of a tool's `largeResult`, in characters. */
const ABOVE = 20_000;
const PREVIEW = 2_000;

/** Returns whether any of the server's tools may answer with a link. */
export function hasLinks({ tools }: TaskService): boolean {
  return [...tools.values()].some(({ largeResult }) => largeResult !== undefined);
}

/** Returns the outcome, with a preview and a link in place of a text that is too long for the tool's `largeResult`. */
export function linkedOutcome(tool: DurableTool | undefined, { id }: Task, outcome: Outcome): Outcome {
  if (!tool?.largeResult || outcome.kind !== 'result' || outcome.result.isError) return outcome;
  const { above = ABOVE, preview = PREVIEW } = tool.largeResult;
  const text = resultText(outcome.result);
  return text.length > above
    ? { kind: 'result', result: linked(tool, id, { result: outcome.result, text }, preview) }
    : outcome;
}

function linked(
  { name, title }: DurableTool,
  taskId: string,
  { result, text }: { readonly result: ToolResult; readonly text: string },
  preview: number,
): ToolResult {
  const { content, structuredContent, ...rest } = result;
  const uri = `mcp-task://${taskId}/result`;
  const shown = cut(text, preview);
  const next = `${uri}?offset=${preview}&length=${ABOVE}`;
  return {
    ...rest,
    content: [
      {
        type: 'text',
        text: `${shown}\n\nThese are the first ${number(Math.min(preview, text.length))} of ${number(text.length)} characters of the result. The tool has finished; do not call it again. Read resource ${next} for the next part, or ${uri} for the whole result.`,
      },
      {
        type: 'resource_link',
        uri,
        name: `${name}-result`,
        title: `Result of ${title ?? name}`,
        mimeType: isJson(structuredContent) ? 'application/json' : 'text/plain',
        size: Buffer.byteLength(text),
      },
      ...content.filter(({ type }) => type !== 'text'),
    ],
  };
}

/**
 * Reads the result of one of the requestor's tasks as a resource.
 * @param range the variables of the URI; without them, the whole result
 * @throws -32602 if the requestor has no such task with a result, or the range is invalid
 */
export async function readResult(
  service: TaskService,
  uri: string,
  { taskId, ...range }: ResultRange,
  ctx: RequestContext,
): Promise<RpcResult & { contents: { uri: string; mimeType: string; text: string }[] }> {
  return await asRpcFaults(service.logger, { method: 'resources/read', taskId }, ctx.signal, async () => {
    service.quota.read(ctx);
    const result = await resultOfTask(service, taskId, ctx);
    if (!result) throw invalidParams(`Resource ${uri} not found`);
    const mimeType = isJson(result.structuredContent) ? 'application/json' : 'text/plain';
    return { contents: [{ uri, mimeType, text: rangeOf(resultText(result), range) }] };
  });
}

async function resultOfTask(
  { engine }: TaskService,
  taskId: string,
  { owner }: RequestContext,
): Promise<ToolResult | undefined> {
  try {
    const { outcome } = await engine.get(owner.id, taskId);
    return outcome?.kind === 'result' && !outcome.result.isError ? outcome.result : undefined;
  } catch (error) {
    if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return undefined;
    throw error;
  }
}

/**
 * Cuts out a range. A character outside the Basic Multilingual Plane counts as two, and belongs to the range in which
 * it begins.
 */
function rangeOf(text: string, { offset = '0', length }: Omit<ResultRange, 'taskId'>): string {
  const from = whole('offset', offset);
  const to = length === undefined ? text.length : from + whole('length', length);
  return text.slice(boundary(text, from), boundary(text, to));
}

function whole(name: string, value: string): number {
  if (/^\d{1,12}$/.test(value)) return Number(value);
  throw invalidParams(`${name} must be a whole number of characters, from 0`);
}

function boundary(text: string, at: number): number {
  const between = /[\uD800-\uDBFF]/.test(text.charAt(at - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(at));
  return between ? at + 1 : at;
}

function isJson(structuredContent: unknown): boolean {
  return structuredContent !== undefined && typeof structuredContent !== 'string';
}
