/** `tools/call` of a durable tool: as a task where the caller can take one, else awaited. @module */
import { ProtocolError, ProtocolErrorCode, type Result, type ServerContext } from '@modelcontextprotocol/server';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { z } from 'zod';
import { isMcpTasksError } from '../task/errors.js';
import { errorResult } from '../task/result.js';
import { currentProgress, type Outcome, type Task } from '../task/task.js';
import type { DurableTool } from '../tool/define-tool.js';
import { validate } from '../tool/schema.js';
import { answerOf } from '../wire/answer.js';
import { answer2025, task2025 } from '../wire/v2025.js';
import { task2026 } from '../wire/v2026.js';
import { declaresTasks, requireAnswers, requireTasks } from './capabilities.js';
import { methodNotFound } from './errors.js';
import { fittingOutcome } from './output.js';
import type { Owner } from './owner.js';
import type { Era, TaskService } from './service.js';

/** The shortest ttl a call can ask for, in milliseconds: the client has to have time to fetch the result. */
const SHORTEST_TTL = 10_000;

/** Loose: clients send more than the schemas name, and that is theirs to do. */
const CallParams = z.looseObject({
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()).optional(),
  task: z.looseObject({ ttl: z.number().nonnegative().nullish() }).optional(),
});
export type CallParams = z.infer<typeof CallParams>;

export interface Call {
  readonly service: TaskService;
  readonly era: Era;
  readonly owner: Owner;
  readonly tool: DurableTool;
  readonly params: CallParams;
  readonly ctx: ServerContext;
}

export function parseCall(params: unknown): CallParams {
  const parsed = CallParams.safeParse(params);
  if (parsed.success) return parsed.data;
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Invalid tools/call request: ${z.prettifyError(parsed.error)}`);
}

export async function callTool(call: Call): Promise<Result> {
  const { service, era, owner, tool, params } = call;
  const asTask = wantsTask(call);
  const checked = await validate(tool.inputSchema, params.arguments ?? {});
  if ('problems' in checked) return refuse(call, `Invalid arguments for tool ${tool.name}: ${checked.problems}`);
  // A function tool's worker parses the arguments itself, so that types JSON does not know reach it.
  const args = tool.work.kind === 'function' ? (params.arguments ?? {}) : checked.value;
  let task: Task;
  try {
    task = await service.engine.start({ owner: owner.id, tool, args, ttl: ttlOf(call) });
  } catch (error) {
    if (isMcpTasksError(error, 'INVALID_ARGUMENTS')) return refuse(call, error.message);
    throw error;
  }
  service.logger.info({ taskId: task.id, tool: tool.name, asTask }, 'task started');
  if (!asTask) return await awaitCall(call, task.id);
  return era === '2026-07-28' ? { resultType: 'task', ...task2026(task, service.pollInterval) } : { task: task2025(task, service.pollInterval) };
}

/** In 2025-11-25 the caller asks for a task; in 2026-07-28 the server decides, for callers that declare the extension. */
function wantsTask({ era, tool, params, ctx }: Call): boolean {
  const able = era === '2026-07-28' ? declaresTasks(ctx) : params.task !== undefined;
  if (able && tool.taskSupport === 'forbidden') {
    if (era === '2025-11-25') throw methodNotFound(`Tool ${tool.name} does not support task augmentation (taskSupport: 'forbidden')`);
    return false;
  }
  const asks = (tool.asks ?? []).length > 0;
  if (era === '2026-07-28') {
    // Only a task can ask while it runs.
    if (tool.taskSupport === 'required' || asks) requireTasks(ctx);
    requireAnswers(ctx, tool);
    return able;
  }
  if (asks) throw methodNotFound(`Tool ${tool.name} asks for input while it runs, which this server supports in protocol 2026-07-28 only`);
  if (!able && tool.taskSupport === 'required') throw methodNotFound(`Tool ${tool.name} requires task augmentation (taskSupport: 'required')`);
  return able;
}

/** A wrong argument is a tool error that the model can read and mend, but for a call that had to answer with a task. */
function refuse({ era, params }: Call, problem: string): Result {
  if (era === '2025-11-25' && params.task !== undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, problem);
  return { ...errorResult(problem) };
}

function ttlOf({ service, tool, params }: Call): number | null {
  const asked = params.task?.ttl;
  if (asked !== undefined && asked !== null) return Math.min(Math.max(asked, SHORTEST_TTL), service.longestTtl);
  if (tool.ttl === undefined) return service.defaultTtl;
  return tool.ttl === null ? null : msToNumber(tool.ttl);
}

async function awaitCall(call: Call, taskId: string): Promise<Result> {
  const { service, era, owner, tool, ctx } = call;
  const { signal } = ctx.mcpReq;
  try {
    const outcome = await fittingOutcome(tool, await awaitOutcome(call, taskId));
    const answer = era === '2025-11-25' ? answer2025(outcome) : answerOf(outcome);
    if ('error' in answer) throw new ProtocolError(answer.error.code, answer.error.message, answer.error.data);
    return { ...answer.result };
  } catch (error) {
    // 2026-07-28 has a dropped call cancelled; in 2025-11-25 a lost connection is no cancellation, and the work runs on.
    if (signal.aborted && era === '2026-07-28') {
      await service.engine.cancel(owner.id, taskId).catch((reason: unknown) => service.logger.warn({ taskId, tool: tool.name, err: reason }, 'the dropped call could not be cancelled'));
    }
    throw error;
  }
}

/** Awaits the end; with a progress token, tells progress on the way. */
async function awaitOutcome({ service, owner, ctx }: Call, taskId: string): Promise<Outcome> {
  const { signal, _meta } = ctx.mcpReq;
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return (await service.engine.result(owner.id, taskId, signal)).outcome;
  let told = -Infinity;
  for await (const task of service.engine.watch(owner.id, taskId, signal)) {
    if (task.outcome) return task.outcome;
    const progress = currentProgress(task);
    // Progress must increase from one notification to the next.
    if (!progress || progress.progress <= told) continue;
    told = progress.progress;
    await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...progress } });
  }
  throw new ProtocolError(ProtocolErrorCode.InternalError, 'the task ended without an outcome');
}
