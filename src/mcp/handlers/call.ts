/** `tools/call` of a durable tool: as a task where the caller can take one, else awaited. @module */
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
  // From the beginning: a client may cancel what has not started yet.
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

/** In 2025-11-25 the caller asks for a task; in 2026-07-28 the server decides, for callers that declare the extension. */
function wantsTask({ era, tool, params, ctx }: Call): boolean {
  const able = era === '2026-07-28' ? declaresTasks(ctx) : params.task !== undefined;
  if (able && tool.taskSupport === 'forbidden') {
    if (era === '2025-11-25')
      throw methodNotFound(`Tool ${tool.name} does not support task augmentation (taskSupport: 'forbidden')`);
    return false;
  }
  if (era === '2026-07-28') {
    // Only a task can ask while it runs.
    if (tool.taskSupport === 'required' || (tool.asks ?? []).length > 0) requireTasks(ctx);
    requireCapabilities(ctx, tool.asks ?? []);
    return able;
  }
  if (!able && tool.taskSupport === 'required')
    throw methodNotFound(`Tool ${tool.name} requires task augmentation (taskSupport: 'required')`);
  return able;
}

/** A wrong argument is a tool error that the model can read and mend, but for a call that had to answer with a task. */
function refuse({ era, params }: Call, problem: string): Answer {
  if (era === '2025-11-25' && params.task !== undefined) throw invalidParams(problem);
  return { ...errorResult(problem) };
}

/** https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#creating-tasks */
function immediateResponse({ immediateResponse: text }: DurableTool): Answer {
  return text === undefined ? {} : { _meta: { 'io.modelcontextprotocol/model-immediate-response': text } };
}

/** @param keyed whether the same call can be made again, and then finds its task */
async function awaitCall(call: Call, task: Task, keyed: boolean): Promise<Answer> {
  const { service, era, tool, ctx } = call;
  const { owner, signal } = ctx;
  const budget = service.tools.fallback.handles.has(tool.name) ? service.tools.fallback.budget : undefined;
  try {
    return await awaitAnswer({ service, era, ctx, task, budget });
  } catch (error) {
    // 2026-07-28 has a dropped call cancelled; in 2025-11-25 a lost connection is no cancellation, and the work runs on.
    const cancelled = era === '2025-11-25' ? signal.reason instanceof CancelledByClient : signal.aborted && !keyed;
    if (cancelled)
      await service.engine
        .cancel(owner.id, task.id)
        .catch((reason: unknown) =>
          service.logger.warn({ taskId: task.id, tool: tool.name, err: reason }, 'the cancelled call goes on'),
        );
    throw error;
  }
}
