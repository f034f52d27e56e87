/** `tools/call` of a durable tool: as a task where the caller can take one, else awaited. @module */
import { msToNumber } from '@temporalio/common/lib/time.js';
import { z } from 'zod';
import { isMcpTasksError } from '../task/errors.js';
import type { Caller } from '../task/memo.js';
import { errorResult } from '../task/result.js';
import type { Outcome, Task } from '../task/task.js';
import type { DurableTool } from '../tool/define-tool.js';
import { validate } from '../tool/schema.js';
import { answerOf } from '../wire/answer.js';
import { answer2025, task2025 } from '../wire/v2025.js';
import { task2026 } from '../wire/v2026.js';
import { declaresTasks, requireAnswers, requireTasks } from './capabilities.js';
import { invalidParams, methodNotFound, rpcFault } from './errors.js';
import { fittingOutcome } from './output.js';
import type { Answer, Era, RequestContext } from './request.js';
import type { TaskService } from './service.js';

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
  readonly tool: DurableTool;
  readonly params: CallParams;
  readonly ctx: RequestContext;
}

export function parseCall(params: unknown): CallParams {
  const parsed = CallParams.safeParse(params);
  if (parsed.success) return parsed.data;
  throw invalidParams(`Invalid tools/call request: ${z.prettifyError(parsed.error)}`);
}

export async function callTool(call: Call): Promise<Answer> {
  const { service, era, tool, params, ctx } = call;
  const asTask = wantsTask(call);
  const checked = await validate(tool.inputSchema, params.arguments ?? {});
  if ('problems' in checked) return refuse(call, `Invalid arguments for tool ${tool.name}: ${checked.problems}`);
  // A function tool's worker parses the arguments itself, so that types JSON does not know reach it.
  const args = tool.work.kind === 'function' ? (params.arguments ?? {}) : checked.value;
  const caller = callerOf(call);
  let task: Task;
  try {
    task = await service.engine.start({ owner: ctx.owner.id, tool, args, ttl: ttlOf(call), ...(caller ? { caller } : {}) });
  } catch (error) {
    if (isMcpTasksError(error, 'INVALID_ARGUMENTS')) return refuse(call, error.message);
    throw error;
  }
  service.logger.info({ taskId: task.id, tool: tool.name, asTask }, 'task started');
  if (!asTask) return await awaitCall(call, task);
  if (era === '2026-07-28') return { resultType: 'task', ...task2026(task, service.pollInterval) };
  service.sessions.shown(ctx.stream.session, ctx.owner, task);
  return { task: task2025(task, service.pollInterval), ...immediateResponse(tool) };
}

/** In 2025-11-25 the caller asks for a task; in 2026-07-28 the server decides, for callers that declare the extension. */
function wantsTask({ era, tool, params, ctx }: Call): boolean {
  const able = era === '2026-07-28' ? declaresTasks(ctx) : params.task !== undefined;
  if (able && tool.taskSupport === 'forbidden') {
    if (era === '2025-11-25') throw methodNotFound(`Tool ${tool.name} does not support task augmentation (taskSupport: 'forbidden')`);
    return false;
  }
  if (era === '2026-07-28') {
    // Only a task can ask while it runs.
    if (tool.taskSupport === 'required' || (tool.asks ?? []).length > 0) requireTasks(ctx);
    requireAnswers(ctx, tool);
    return able;
  }
  if (!able && tool.taskSupport === 'required') throw methodNotFound(`Tool ${tool.name} requires task augmentation (taskSupport: 'required')`);
  return able;
}

/** What the messages of 2025-11-25 about the task need to know; what its client cannot answer is found out there when it is asked. */
function callerOf({ era, tool: { asks = [] }, ctx }: Call): Caller | undefined {
  const { stream, meta } = ctx;
  const progressToken = meta['progressToken'];
  const { answers } = stream;
  const cannotAnswer = answers && era === '2025-11-25' ? asks.filter((kind) => !answers.includes(kind)) : [];
  const caller: Caller = {
    ...(stream.session === undefined ? {} : { session: stream.session }),
    ...(typeof progressToken === 'string' || typeof progressToken === 'number' ? { progressToken } : {}),
    ...(cannotAnswer.length > 0 ? { cannotAnswer } : {}),
  };
  return Object.keys(caller).length > 0 ? caller : undefined;
}

/** A wrong argument is a tool error that the model can read and mend, but for a call that had to answer with a task. */
function refuse({ era, params }: Call, problem: string): Answer {
  if (era === '2025-11-25' && params.task !== undefined) throw invalidParams(problem);
  return { ...errorResult(problem) };
}

function ttlOf({ service, tool, params }: Call): number | null {
  const asked = params.task?.ttl;
  if (asked !== undefined && asked !== null) return Math.min(Math.max(asked, SHORTEST_TTL), service.longestTtl);
  if (tool.ttl === undefined) return service.defaultTtl;
  return tool.ttl === null ? null : msToNumber(tool.ttl);
}

/** https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#creating-tasks */
function immediateResponse({ immediateResponse: text }: DurableTool): Answer {
  return text === undefined ? {} : { _meta: { 'io.modelcontextprotocol/model-immediate-response': text } };
}

async function awaitCall(call: Call, task: Task): Promise<Answer> {
  const { service, era, tool, ctx } = call;
  const { signal, owner } = ctx;
  try {
    const outcome = await fittingOutcome(tool, await awaitOutcome(call, task));
    const answer = era === '2025-11-25' ? answer2025(outcome) : answerOf(outcome);
    if ('error' in answer) throw rpcFault(answer.error);
    return { ...answer.result };
  } catch (error) {
    // 2026-07-28 has a dropped call cancelled; in 2025-11-25 a lost connection is no cancellation, and the work runs on.
    if (signal.aborted && era === '2026-07-28') {
      await service.engine.cancel(owner.id, task.id).catch((reason: unknown) => service.logger.warn({ taskId: task.id, tool: tool.name, err: reason }, 'the dropped call could not be cancelled'));
    }
    throw error;
  }
}

/** Awaits the end; tells progress and asks questions on the way where the call is for that. */
async function awaitOutcome({ service, tool, ctx }: Call, task: Task): Promise<Outcome> {
  const { owner, signal, stream } = ctx;
  const silent = task.caller?.progressToken === undefined && (tool.asks ?? []).length === 0;
  if (silent) return (await service.engine.result(owner.id, task.id, signal)).outcome;
  return (await service.followers.ended(owner, task.id, stream, signal, { known: task, plain: true })).outcome;
}
