/** Awaits a task and cleans up after it: for `callTool`, and by itself as `resume`. @module */
import { awaitTask, REQUEST_TIMEOUT, type Waiting } from './await-task.js';
import { InputDesk } from './inputs.js';
import { AnyResult, ask, type McpClient, type ToolResult } from './mcp-client.js';
import type { ResumeOptions } from './options.js';
import { withinLimits } from './patience.js';
import { Tap } from './seam.js';
import type { StoredTask } from './task-store.js';

/**
 * Awaits a task that was created earlier, by this process or another, as {@link callTool} does. The client has to be
 * connected to the task's server, as the task's owner. It gets no progress notifications, because their token belonged
 * to the call.
 *
 * @throws JsonRpcError as `callTool`; -32602 if the server does not have the task; the task store then drops it
 * @throws McpTasksError `CONFIGURATION` if `patience` is not a duration
 * @throws the signal's reason
 * @example
 * for (const { taskId } of await taskStore.list()) console.log(await resume(client, taskId, { taskStore }));
 */
export async function resume(client: McpClient, taskId: string, options: ResumeOptions = {}): Promise<ToolResult> {
  return await settle(client, taskId, { ...options, desk: options.onInput && new InputDesk(options.onInput) });
}

/** Takes the task's questions from the start, and stores `record` before it polls. */
export async function settle(
  client: McpClient,
  taskId: string,
  options: Waiting,
  record?: StoredTask,
): Promise<ToolResult> {
  const { signal, taskStore, desk } = options;
  const { questions } = Tap.of(client);
  questions.attend(taskId, desk?.answer);
  // A leftover record is harmless: resuming the task finds that it has ended.
  const forget = async (): Promise<void> => await taskStore?.remove(taskId).catch(() => undefined);
  try {
    if (record) await store(client, options, record);
    const end = await awaitTask(client, taskId, options);
    await forget();
    if ('error' in end) throw end.error;
    return end.result;
  } catch (error) {
    if (!signal?.aborted) throw error;
    await cancel(client, taskId);
    await forget();
    throw signal.reason;
  } finally {
    questions.leave(taskId, desk?.answer);
  }
}

/** Stores the record. If that fails, cancels the task, because its caller sees a failure and may call again. */
async function store(client: McpClient, { taskStore }: Waiting, record: StoredTask): Promise<void> {
  await taskStore?.put(record).catch(async (cause: unknown) => {
    await cancel(client, record.taskId);
    throw new Error(`The task store failed to save the task ${record.taskId}, so the task was cancelled`, { cause });
  });
}

/** Tries to cancel the task, and ignores failures: the caller has gone, and the task may have ended. */
async function cancel(client: McpClient, taskId: string): Promise<void> {
  const request = { method: 'tasks/cancel', params: { taskId } };
  const send = async (): Promise<object> => await ask(client, request, AnyResult, { timeout: REQUEST_TIMEOUT });
  await withinLimits(send, { patience: REQUEST_TIMEOUT, signal: undefined }).catch(() => undefined);
}
