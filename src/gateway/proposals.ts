/** Proposes tools from workflows that ran recently in a namespace. @module */
import type { temporal } from '@temporalio/proto';
import {
  ASK_FIRST_WORKFLOW,
  COMMAND_WORKFLOW,
  READ_FILE_WORKFLOW,
  SHORT_TOOL_WORKFLOW,
  TOOL_WORKFLOW,
} from '../task/names.js';
import { DEADLINE, within, type Calls } from '../temporal/rpc/calls.js';
import type { DurableTool } from '../tool/define-tool.js';
import type { JsonSchema } from '../tool/json-schema.js';
import type { ProposedTool } from './first-file.js';
import { decodeArrayFromPayloads } from '../temporal/seam.js';

type Execution = temporal.api.workflow.v1.IWorkflowExecutionInfo;

/** How many of the newest executions to look at: the page size and the maximum number of pages. */
const PAGE = { size: 200, most: 5 };
/** The maximum number of tools to propose. */
const MOST_TOOLS = 50;
const UNREADABLE = Symbol('unreadable');
/** The workflow types that run any tool of this package. */
const OURS = [TOOL_WORKFLOW, SHORT_TOOL_WORKFLOW, ASK_FIRST_WORKFLOW, COMMAND_WORKFLOW, READ_FILE_WORKFLOW];

/**
 * Returns one proposed tool per workflow type.
 *
 * @param tools tools whose workflows are not proposed, because they are tools already
 * @throws McpTasksError `TEMPORAL_UNAVAILABLE`
 */
export async function proposals(calls: Calls, tools: readonly DurableTool[]): Promise<ProposedTool[]> {
  const known = new Set([...OURS, ...tools.map(({ work }) => (work.kind === 'workflow' ? work.workflowType : ''))]);
  const newest = new Map<string, Execution>();
  for await (const execution of lately(calls)) {
    const type = execution.type?.name ?? '';
    // Skip child workflows: agents should not start parts of another workflow.
    const fit = type !== '' && !known.has(type) && !type.startsWith('temporal-sys-') && !execution.parentExecution;
    if (fit && !newest.has(type) && newest.size < MOST_TOOLS) newest.set(type, execution);
  }
  const names = new Set<string>();
  return await Promise.all(
    [...newest].map(async ([workflow, execution]) => {
      const name = free(toolName(workflow), names);
      return {
        name,
        workflow,
        taskQueue: execution.taskQueue ?? '',
        ...(await argumentsLike(calls, execution).catch(() => ({
          comment: 'Its arguments could not be read: describe them under `input`, and set `args` if there are several',
        }))),
      };
    }),
  );
}

/** Lists recent executions in visibility's order, newest first. */
async function* lately(calls: Calls): AsyncGenerator<Execution, void> {
  const { client } = calls;
  let nextPageToken: Uint8Array | null | undefined;
  for (let page = 0; page < PAGE.most; page++) {
    const request = {
      namespace: client.options.namespace,
      query: '',
      pageSize: PAGE.size,
      ...(nextPageToken ? { nextPageToken } : {}),
    };
    const response = await calls.run(
      within(DEADLINE.list),
      async () => await client.workflowService.listWorkflowExecutions(request),
    );
    yield* response.executions ?? [];
    ({ nextPageToken } = response);
    if (!nextPageToken?.length) return;
  }
}

/** Derives a schema from the arguments of one execution: their names and types, not their values. */
async function argumentsLike(
  calls: Calls,
  { execution }: Execution,
): Promise<Pick<ProposedTool, 'input' | 'args' | 'comment'>> {
  const { client } = calls;
  const request = { namespace: client.options.namespace, execution: execution ?? {}, maximumPageSize: 1 };
  const { history } = await calls.run(
    within(DEADLINE.list),
    async () => await client.workflowService.getWorkflowExecutionHistory(request),
  );
  const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const values = await Promise.all(
    payloads.map(
      async (payload) =>
        await decodeArrayFromPayloads(client.options.loadedDataConverter, [payload]).then(
          ([value]: unknown[]) => value,
          () => UNREADABLE,
        ),
    ),
  );
  if (values.length === 0) return {};
  if (values.includes(UNREADABLE))
    return {
      comment:
        'Its arguments cannot be decoded without its data converter or codec server: describe them under `input`, and set `args` if there are several',
    };
  if (values.some((value) => value instanceof Uint8Array))
    return { comment: 'One of its arguments is binary, which a tool cannot pass: it may not be suitable for agents' };
  const [only] = values;
  if (values.length === 1 && typeof only === 'object' && only !== null && !Array.isArray(only))
    return { input: objectLike(only) };
  const named = Object.fromEntries(values.map((value, index) => [`argument${index + 1}`, value]));
  return { input: objectLike(named), args: Object.keys(named) };
}

function objectLike(value: object): JsonSchema {
  return { properties: Object.fromEntries(Object.entries(value).map(([name, part]) => [name, like(part)])) };
}

function like(value: unknown): JsonSchema {
  if (value === null || value === undefined) return {};
  if (Array.isArray(value)) return { type: 'array' };
  return { type: Number.isInteger(value) ? 'integer' : typeof value };
}

/** Converts a workflow type to a tool name: `NightlyLoad` → `nightly_load`. */
function toolName(workflow: string): string {
  const snake = workflow
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z\d]+/g, '_')
    .replaceAll(/^_|_$/g, '');
  return snake.toLowerCase().slice(0, 100) || 'workflow';
}

function free(name: string, taken: Set<string>): string {
  let candidate = name;
  for (let number = 2; taken.has(candidate); number++) candidate = `${name}_${number}`;
  taken.add(candidate);
  return candidate;
}
