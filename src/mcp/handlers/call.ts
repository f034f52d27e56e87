/** `tools/call` of a durable tool: answered with a task if it becomes one, otherwise awaited. @module */
import { sentCall, type ToolCall } from '../../protocol/call.js';
import type { RpcResult } from '../../protocol/request.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import { isMcpTasksError } from '../../task/errors.js';
import { IDEMPOTENCY_KEY } from '../../task/idempotency-key.js';
import type { Task } from '../../task/task.js';
import { formSchemaProblem, type FormRequest } from '../../task/form.js';
import { withoutMessage } from '../../tool/author-code.js';
import type { DurableTool } from '../../tool/define-tool.js';
import { validate } from '../../tool/schema.js';
import type { StartPermit } from '../quota/quota.js';
import type { TaskService } from '../service.js';
import { resumeCall } from './repeated.js';
import { startRequest } from './start.js';
import { awaitAnswer } from './wait.js';

/** @throws RpcFault, McpTasksError; the reason of the call's signal */
export async function answerCall(service: TaskService, version: ProtocolVersion, call: ToolCall): Promise<RpcResult> {
  const repeated = await version.questions?.repeated(sentCall(call));
  // The client can repeat the call once more, so hanging up does not cancel the task.
  if (repeated)
    return await holding(
      service,
      call,
      async () =>
        await resumeCall({ service, version, call: sentCall(call), budget: budgetOf(service, call) }, repeated),
    );
  const asTask = version.calls.becomesTask(call);
  const permit = (): StartPermit => service.quota.start(call.ctx, repeatsOf(call));
  if (asTask) return await answer({ service, version, call, asTask, permit: permit() });
  return await holding(service, call, async () => {
    const permitted = permit();
    // Covers the start too: a client may cancel a call before its task has started.
    return await service.cancellations.run(
      call.ctx,
      async (signal) =>
        await answer({ service, version, call: { ...call, ctx: { ...call.ctx, signal } }, asTask, permit: permitted }),
    );
  });
}

/** Runs `wait` as one of the owner's waiting requests. */
async function holding({ quota }: TaskService, { ctx }: ToolCall, wait: () => Promise<RpcResult>): Promise<RpcResult> {
  const release = quota.hold(ctx, 'waitingRequests');
  try {
    return await wait();
  } finally {
    release();
  }
}

/** Returns what identifies the repeats of the call: its idempotency key, if the client sends one. */
function repeatsOf({ tool, ctx: { meta } }: ToolCall): string | undefined {
  const key = meta[IDEMPOTENCY_KEY];
  return typeof key === 'string' ? JSON.stringify([tool.name, key]) : undefined;
}

interface Decided {
  readonly service: TaskService;
  readonly version: ProtocolVersion;
  readonly call: ToolCall;
  readonly asTask: boolean;
  readonly permit: StartPermit;
}

async function answer(decided: Decided): Promise<RpcResult> {
  const { service, version, call, asTask, permit } = decided;
  const { tool, params } = call;
  const own = (option: string) => (error: unknown) => {
    throw withoutMessage(`${option} of tool "${tool.name}"`, error);
  };
  const checked = await validate(tool.inputSchema, params.arguments ?? {}).catch(own('inputSchema'));
  if ('problems' in checked)
    return version.calls.refuseArguments(call, `Invalid arguments for tool ${tool.name}: ${checked.problems}`);
  const form = await formOf(tool, checked.value).catch(own('beforeStart'));
  const unusable = form && formSchemaProblem(form);
  if (unusable !== undefined) throw new Error(`beforeStart of tool ${tool.name}: ${unusable}`);
  const asked = form && (await version.calls.askFirst(call, form));
  if (asked && 'reply' in asked) return asked.reply;
  const request = startRequest(service, version, { call, parsed: checked.value, asked });
  const since = Date.now();
  let task: Task;
  try {
    task = await service.engine.start(request);
  } catch (error) {
    if (isMcpTasksError(error, 'INVALID_ARGUMENTS')) return version.calls.refuseArguments(call, error.message);
    throw error;
  }
  permit.started(task, request.key !== undefined && task.createdAt < since);
  service.logger.info({ taskId: task.id, tool: tool.name, asTask }, 'task started');
  return asTask ? created(decided, task) : await awaited(decided, task, request.key !== undefined);
}

/** As a promise, so that errors are handled alike, thrown or rejected. */
async function formOf({ beforeStart }: DurableTool, args: unknown): Promise<FormRequest | undefined> {
  return await beforeStart?.(args as never);
}

function created({ service, version, call }: Decided, task: Task): RpcResult {
  const { stream, owner } = call.ctx;
  service.sessions.shown(version, stream.session, owner, task);
  return version.calls.created(task, call, service.pollInterval);
}

/**
 * Waits for the task within the call, and cancels the task if the client cancels the call.
 * @param keyed whether the task has an idempotency key, so that repeating the call finds it again
 */
async function awaited({ service, version, call }: Decided, task: Task, keyed: boolean): Promise<RpcResult> {
  const { tool, ctx } = call;
  try {
    return await awaitAnswer({ service, version, call: sentCall(call), task, budget: budgetOf(service, call) });
  } catch (error) {
    if (version.calls.cancelsWork(ctx.signal, keyed))
      await service.engine
        .cancel(ctx.owner.id, task.id)
        .catch((reason: unknown) =>
          service.logger.warn(
            { taskId: task.id, tool: tool.name, err: reason },
            'could not cancel the task of a cancelled call; it keeps running',
          ),
        );
    throw error;
  }
}

function budgetOf({ tools: { fallback } }: TaskService, { tool }: ToolCall): number | undefined {
  return fallback.handles.has(tool.name) ? fallback.budget : undefined;
}
