/** Companion tools, with which a model follows up on a task after its call was answered with a handle. @module */
import { z } from 'zod';
import { isMcpTasksError } from '../../task/errors.js';
import { errorResult } from '../../task/result.js';
import type { Task } from '../../task/task.js';
import type { ToolHints } from '../../tool/options.js';
import { validate, type ToolSchema } from '../../tool/schema.js';
import { CANCEL, LIST, WAIT } from '../tools/fallback.js';
import { TaskHandle, taskHandle } from '../tools/handle-result.js';
import { cancelTask, getTask, listTasks } from './tasks.js';
import type { SentCall } from '../../protocol/call.js';
import type { Owner, RpcResult } from '../../protocol/request.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import type { TaskService } from '../service.js';
import { resumeCall } from './repeated.js';
import { answerWith, awaitTask, type Wait } from './wait.js';

export interface Companion {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ToolSchema;
  /** Not set for a companion that returns other tools' results, so that clients accept any structured content. */
  readonly outputSchema?: ToolSchema;
  readonly annotations: ToolHints;
  /** @param args as {@link inputSchema} parsed them */
  call(args: unknown, sent: SentCall): Promise<RpcResult>;
}

const taskId = z.string().describe('The taskId from the answer to the original call');
const TaskArguments = z.object({ taskId });
const ListArguments = z.object({ cursor: z.string().optional().describe('The nextCursor of the previous page') });

/** Returns the names of all companions that the server may offer: none unless some calls are answered with handles. */
export function companionNames({ tools }: TaskService): readonly string[] {
  return tools.fallback.handles.size === 0 ? [] : [WAIT, CANCEL, LIST];
}

/**
 * Returns the companions that the server offers to an owner: `task_list` only if the server can tell callers apart.
 */
export function companions(service: TaskService, version: ProtocolVersion, { mayList }: Owner): readonly Companion[] {
  if (companionNames(service).length === 0) return [];
  return [waitCompanion(service, version), cancelCompanion(service), ...(mayList ? [listCompanion(service)] : [])];
}

/**
 * Calls a companion. Wrong arguments and unknown tasks become tool errors, which the model can read. If the client
 * cancels the call, only the call ends; the task keeps running.
 */
export async function callCompanion(service: TaskService, companion: Companion, sent: SentCall): Promise<RpcResult> {
  return await service.cancellations.run(
    sent.ctx,
    async (signal) => await answer(companion, { ...sent, ctx: { ...sent.ctx, signal } }),
  );
}

async function answer({ name, inputSchema, call }: Companion, sent: SentCall): Promise<RpcResult> {
  const { args, ctx } = sent;
  const checked = await validate(inputSchema, args ?? {});
  if ('problems' in checked) return { ...errorResult(`Invalid arguments for tool ${name}: ${checked.problems}`) };
  try {
    return await call(checked.value, sent);
  } catch (error) {
    if (isMcpTasksError(error, 'TASK_NOT_FOUND'))
      return {
        ...errorResult(
          `No such task, or it has expired. Pass the taskId exactly as you received it${ctx.owner.mayList ? `, or call ${LIST} to find it` : ''}.`,
        ),
      };
    if (isMcpTasksError(error, 'INVALID_CURSOR'))
      return { ...errorResult(`Invalid cursor. Call ${LIST} without a cursor to start from the first page.`) };
    throw error;
  }
}

function waitCompanion(service: TaskService, version: ProtocolVersion): Companion {
  const { budget } = service.tools.fallback;
  const most = budget / 1000;
  return {
    name: WAIT,
    title: 'Wait for a task',
    description:
      'Waits for a running task and returns its result. If the task is still running when the wait ends, the answer says so: call this tool again.',
    inputSchema: z.object({
      taskId,
      seconds: z
        .number()
        .min(0)
        .optional()
        .describe(
          `How many seconds to wait, at most ${most}, which is the default. 0 returns the current state without waiting`,
        ),
    }),
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    async call(args, sent) {
      const { taskId: id, seconds = most } = args as { taskId: string; seconds?: number };
      const waiting = { service, version, call: sent, budget: Math.min(seconds * 1000, budget) };
      service.quota.read(sent.ctx, seconds === 0 ? id : undefined);
      const release = service.quota.hold(sent.ctx, 'waitingRequests');
      try {
        const repeated = await version.questions?.repeated(sent);
        if (repeated) return await resumeCall(waiting, repeated, waitOn);
        return await waitOn({ ...waiting, task: await service.engine.get(sent.ctx.owner.id, id) });
      } finally {
        release();
      }
    },
  };
}

async function waitOn(wait: Wait): Promise<RpcResult> {
  const task = await awaitTask(wait);
  wait.service.quota.ended(wait.call.ctx.owner.id, task);
  const failure = failureText(task);
  return failure === undefined ? await answerWith(wait, task) : { ...errorResult(failure) };
}

/** Returns what a model reads of a task that ended without a tool result; `undefined` for any other task. */
function failureText({ tool, outcome }: Task): string | undefined {
  if (outcome?.kind === 'cancelled')
    return `${tool} was cancelled, so there is no result to wait for. Call ${tool} again only if the user still wants it.`;
  return outcome?.kind === 'error' ? `${tool} failed: ${outcome.error.message}` : undefined;
}

function cancelCompanion(service: TaskService): Companion {
  return {
    name: CANCEL,
    title: 'Cancel a task',
    description: 'Stops a running task. A cancelled task has no result.',
    inputSchema: TaskArguments,
    outputSchema: TaskHandle,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    async call(args, { ctx }) {
      service.quota.read(ctx);
      const { taskId: id } = args as z.infer<typeof TaskArguments>;
      const said = (task: Task, text: string): RpcResult => ({
        content: [{ type: 'text', text }],
        structuredContent: taskHandle(task),
      });
      try {
        const task = await cancelTask(service, id, ctx);
        return said(task, `${task.tool} was cancelled; there is no result to wait for.`);
      } catch (error) {
        if (!isMcpTasksError(error, 'TASK_ENDED')) throw error;
        const task = await getTask(service, id, ctx);
        const { status } = taskHandle(task);
        const next = `Call ${WAIT} with ${JSON.stringify({ taskId: id })} for its result.`;
        return said(
          task,
          status === 'cancelled'
            ? `${task.tool} was already cancelled; there is no result to wait for.`
            : `${task.tool} had already ended (${status}), so nothing was cancelled. ${next}`,
        );
      }
    },
  };
}

function listCompanion(service: TaskService): Companion {
  return {
    name: LIST,
    title: 'List tasks',
    description: 'Lists your tasks: running ones, and finished ones that have not expired.',
    inputSchema: ListArguments,
    outputSchema: z.looseObject({ tasks: z.array(TaskHandle), nextCursor: z.string().optional() }),
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    async call(args, { ctx }) {
      service.quota.read(ctx);
      const { cursor } = args as z.infer<typeof ListArguments>;
      const { tasks, nextCursor } = await listTasks(service, cursor, ctx);
      const handles = tasks.map(taskHandle);
      const lines = handles.map(
        ({ taskId: id, tool, status, statusMessage }) =>
          `${id} ${tool}: ${status}${statusMessage === undefined ? '' : ` (${statusMessage})`}`,
      );
      const more =
        nextCursor === undefined
          ? []
          : [`There are more tasks: call ${LIST} with ${JSON.stringify({ cursor: nextCursor })}.`];
      const text = [...(lines.length > 0 ? lines : ['No tasks.']), ...more].join('\n');
      return {
        content: [{ type: 'text', text }],
        structuredContent: { tasks: handles, ...(nextCursor === undefined ? {} : { nextCursor }) },
      };
    },
  };
}
