/** Companion tools, with which a model follows up on a task after its call was answered with a handle. @module */
import { z } from 'zod';
import { isMcpTasksError } from '../../task/errors.js';
import { errorResult } from '../../task/result.js';
import type { Task } from '../../task/task.js';
import type { ToolHints } from '../../tool/define-tool.js';
import { validate, type ToolSchema } from '../../tool/schema.js';
import { CANCEL, LIST, WAIT } from '../tools/fallback.js';
import { TaskHandle, taskHandle } from '../tools/handle-result.js';
import { cancelTask } from './methods.js';
import { fittingTask } from './output.js';
import type { Owner } from '../request/owner.js';
import type { Answer, Era, RequestContext } from '../request/request.js';
import type { TaskService } from '../service.js';
import { awaitAnswer } from './wait.js';

export interface Companion {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ToolSchema;
  /** Not set for a companion that returns other tools' results, so that clients accept any structured content. */
  readonly outputSchema?: ToolSchema;
  readonly annotations: ToolHints;
  call(args: unknown, ctx: RequestContext): Promise<Answer>;
}

const taskId = z.string().describe('The taskId that the call was answered with');
const TaskArguments = z.object({ taskId });
const ListArguments = z.object({ cursor: z.string().optional().describe('The nextCursor of the page before') });

/**
 * Returns the companions that the server offers: none unless some tool's calls are answered with handles, and
 * `task_list` only if requestors can be told apart.
 */
export function companions(service: TaskService, era: Era, { mayList }: Owner): readonly Companion[] {
  if (service.tools.fallback.handles.size === 0) return [];
  return [
    waitCompanion(service, era),
    cancelCompanion(service, era),
    ...(mayList ? [listCompanion(service, era)] : []),
  ];
}

/**
 * Calls a companion. Wrong arguments and unknown tasks become tool errors, which the model can read. If the client
 * cancels the call, only the call ends; the task keeps running.
 */
export async function callCompanion(
  service: TaskService,
  companion: Companion,
  args: unknown,
  ctx: RequestContext,
): Promise<Answer> {
  return await service.cancellations.run(ctx, async (signal) => await answer(companion, args, { ...ctx, signal }));
}

async function answer({ name, inputSchema, call }: Companion, args: unknown, ctx: RequestContext): Promise<Answer> {
  const checked = await validate(inputSchema, args ?? {});
  if ('problems' in checked) return { ...errorResult(`Invalid arguments for tool ${name}: ${checked.problems}`) };
  try {
    return await call(checked.value, ctx);
  } catch (error) {
    if (isMcpTasksError(error, 'TASK_NOT_FOUND'))
      return {
        ...errorResult(
          'There is no such task, or its time is over. Use a taskId exactly as a call was answered with it.',
        ),
      };
    if (isMcpTasksError(error, 'INVALID_CURSOR'))
      return { ...errorResult(`There is no such page. Call ${LIST} without a cursor.`) };
    throw error;
  }
}

function waitCompanion(service: TaskService, era: Era): Companion {
  const { budget } = service.tools.fallback;
  const most = budget / 1000;
  return {
    name: WAIT,
    title: 'Wait for a task',
    description:
      'Waits for a task that is still running and answers with its result; if it runs on, says so: call it again.',
    inputSchema: z.object({
      taskId,
      seconds: z
        .number()
        .min(0)
        .optional()
        .describe(`How long to wait; at most ${most}, which is the default. 0 looks and does not wait`),
    }),
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    async call(args, ctx) {
      const { taskId: id, seconds = most } = args as { taskId: string; seconds?: number };
      const task = await service.engine.get(ctx.owner.id, id);
      return await awaitAnswer({ service, era, ctx, task, budget: Math.min(seconds * 1000, budget) });
    },
  };
}

function cancelCompanion(service: TaskService, era: Era): Companion {
  return {
    name: CANCEL,
    title: 'Cancel a task',
    description: 'Stops a task that is still running.',
    inputSchema: TaskArguments,
    outputSchema: TaskHandle,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    async call(args, ctx) {
      const { taskId: id } = args as z.infer<typeof TaskArguments>;
      const said = (task: Task, text: string): Answer => ({
        content: [{ type: 'text', text }],
        structuredContent: taskHandle(task, era),
      });
      try {
        const task = await cancelTask(service, id, ctx);
        return said(task, `${task.tool} was cancelled.`);
      } catch (error) {
        if (!isMcpTasksError(error, 'TASK_ENDED')) throw error;
        const task = await fittingTask(service, await service.engine.get(ctx.owner.id, id));
        const { status } = taskHandle(task, era);
        return said(
          task,
          `${task.tool} had already ended (${status}): there was nothing to cancel.${status === 'cancelled' ? '' : ` Call ${WAIT} for its result.`}`,
        );
      }
    },
  };
}

function listCompanion(service: TaskService, era: Era): Companion {
  return {
    name: LIST,
    title: 'List tasks',
    description: 'Lists your tasks, those that have ended and are kept included.',
    inputSchema: ListArguments,
    outputSchema: z.looseObject({ tasks: z.array(TaskHandle), nextCursor: z.string().optional() }),
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    async call(args, { owner }) {
      const { cursor } = args as z.infer<typeof ListArguments>;
      const { tasks, nextCursor } = await service.engine.list(owner.id, cursor);
      const handles = await Promise.all(tasks.map(async (task) => taskHandle(await fittingTask(service, task), era)));
      const lines = handles.map(
        ({ taskId: id, tool, status, statusMessage }) =>
          `${id} ${tool}: ${status}${statusMessage === undefined ? '' : ` (${statusMessage})`}`,
      );
      const more =
        nextCursor === undefined
          ? []
          : [`There are more: call ${LIST} with ${JSON.stringify({ cursor: nextCursor })}.`];
      const text = [...(lines.length > 0 ? lines : ['No tasks.']), ...more].join('\n');
      return {
        content: [{ type: 'text', text }],
        structuredContent: { tasks: handles, ...(nextCursor === undefined ? {} : { nextCursor }) },
      };
    },
  };
}
