/** `tools/call` of a durable tool: answered with a task if the caller can take one, otherwise awaited. @module */
import { isMcpTasksError } from '../../task/errors.js';
import { errorResult } from '../../task/result.js';
import type { Task } from '../../task/task.js';
import type { DurableTool } from '../../tool/define-tool.js';
import { validate } from '../../tool/schema.js';
import { task2025 } from '../../wire/v2025.js';
import { task2026 } from '../../wire/v2026.js';
import { askFirst } from './ask-first.js';
import type { Call } from './call-request.js';
import { CancelledByClient } from '../request/cancellations.js';
import { declaresTasks, requireCapabilities, requireTasks } from '../request/capabilities.js';
import { invalidParams, methodNotFound } from '../request/errors.js';
import type { Answer } from '../request/request.js';
import { startRequest } from './start.js';
import { awaitAnswer } from './wait.js';

export async function callTool(call: Call): Promise<Answer> {
  const asTask = wantsTask(call);
  if (asTask) return await start(call, asTask);
  // Covers the start too: a client may cancel a call before its task has started.
  return await call.service.cancellations.run(
    call.ctx,
    async (signal) => await start({ ...call, ctx: { ...call.ctx, signal } }, asTask),
  );
}

async function start(call: Call, asTask: boolean): Promise<Answer> {
  const { service, era, tool, params, ctx } = call;
  const checked = await validate(tool.inputSchema, params.arguments ?? {});
  if ('problems' in checked) return refuse(call, `Invalid arguments for tool ${tool.name}: ${checked.problems}`);
  const form = await tool.beforeStart?.(checked.value as never);
  const asked = form && era === '2026-07-28' ? await askFirst(call, form) : undefined;
  if (asked && 'reply' in asked) return asked.reply;
  const request = startRequest(call, checked.value, asked ?? { askFirst: form });
  let task: Task;
  try {
    task = await service.engine.start(request);
  } catch (error) {
    if (isMcpTasksError(error, 'INVALID_ARGUMENTS')) return refuse(call, error.message);
    throw error;
  }
  service.logger.info({ taskId: task.id, tool: tool.name, asTask }, 'task started');
  if (!asTask) return await awaitCall(call, task, request.key !== undefined);
  if (era === '2026-07-28') return { resultType: 'task', ...task2026(task, service.pollInterval) };
  service.sessions.shown(ctx.stream.session, ctx.owner, task);
  return { task: task2025(task, service.pollInterval), ...immediateResponse(tool) };
}

/**
 * Returns whether to answer the call with a task. In 2025-11-25 the caller asks for one; in 2026-07-28 the server
 * decides, and only callers that declare the extension get one.
 * @throws -32601 if the tool's `taskSupport` and a 2025-11-25 call do not match; -32021 if a 2026-07-28 client lacks a
 * capability that the tool needs
 */
function wantsTask({ era, tool, params, ctx }: Call): boolean {
  const able = era === '2026-07-28' ? declaresTasks(ctx) : params.task !== undefined;
  if (able && tool.taskSupport === 'forbidden') {
    if (era === '2025-11-25')
      throw methodNotFound(`Tool ${tool.name} cannot run as a task: call it without the "task" parameter.`);
    return false;
  }
  if (era === '2026-07-28') {
    // A tool that asks while it runs needs a task: in 2026-07-28 only tasks can ask.
    if (tool.taskSupport === 'required' || (tool.asks ?? []).length > 0) requireTasks(ctx);
    requireCapabilities(ctx, tool.asks ?? []);
    return able;
  }
  if (!able && tool.taskSupport === 'required')
    throw methodNotFound(
      `Tool ${tool.name} runs only as a task, and this call has no "task" parameter. Use a client that supports MCP tasks.`,
    );
  return able;
}

/**
 * Refuses wrong arguments with a tool error, which the model can read and correct.
 * @throws -32602 for a 2025-11-25 call that asked for a task, because such a call cannot be answered with a tool result
 */
function refuse({ era, params }: Call, problem: string): Answer {
  if (era === '2025-11-25' && params.task !== undefined) throw invalidParams(problem);
  return { ...errorResult(problem) };
}

/**
 * Returns the `_meta` with the tool's immediate response, if it has one.
 * https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#creating-tasks
 */
function immediateResponse({ immediateResponse: text }: DurableTool): Answer {
  return text === undefined ? {} : { _meta: { 'io.modelcontextprotocol/model-immediate-response': text } };
}

/**
 * Waits for the task within the call, and cancels the task if the client cancels the call.
 * @param keyed whether the task has an idempotency key, so that repeating the call finds it again
 */
async function awaitCall(call: Call, task: Task, keyed: boolean): Promise<Answer> {
  const { service, era, tool, ctx } = call;
  const { owner, signal } = ctx;
  const budget = service.tools.fallback.handles.has(tool.name) ? service.tools.fallback.budget : undefined;
  try {
    return await awaitAnswer({ service, era, ctx, task, budget });
  } catch (error) {
    // In 2026-07-28 dropping a call cancels it. In 2025-11-25 a lost connection is not a cancellation: the work
    // continues.
    const cancelled = era === '2025-11-25' ? signal.reason instanceof CancelledByClient : signal.aborted && !keyed;
    if (cancelled)
      await service.engine
        .cancel(owner.id, task.id)
        .catch((reason: unknown) =>
          service.logger.warn(
            { taskId: task.id, tool: tool.name, err: reason },
            'could not cancel the task of a cancelled call; it keeps running',
          ),
        );
    throw error;
  }
}
