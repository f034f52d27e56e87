/** Awaits a task and clears up after it: what `callTool` and `resume` have in common. @module */
import { awaitTask, REQUEST_TIMEOUT, type Waiting } from './await-task.js';
import { AnyResult, ask, type McpClient, type ToolResult } from './mcp-client.js';
import { Tap } from './seam.js';
import type { StoredTask } from './task-store.js';

/** Takes the task's questions from the moment it is called; `record` is put into the store first. */
export async function settle(
  client: McpClient,
  taskId: string,
  options: Waiting,
  record?: StoredTask,
): Promise<ToolResult> {
  const { signal, taskStore, desk } = options;
  const tap = Tap.of(client);
  tap.attend(taskId, desk?.answer);
  // A record left behind does no harm: whoever resumes the task finds its end.
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
    tap.leave(taskId, desk?.answer);
  }
}

/** A task that the store does not take is cancelled: its caller is told of a failure, and may call again. */
async function store(client: McpClient, { taskStore }: Waiting, record: StoredTask): Promise<void> {
  await taskStore?.put(record).catch(async (cause: unknown) => {
    await cancel(client, record.taskId);
    throw new Error(`The task store did not take the task ${record.taskId}, which is cancelled`, { cause });
  });
}

/** Best effort: the caller has gone, and the task may have ended. */
async function cancel(client: McpClient, taskId: string): Promise<void> {
  await ask(client, 'tasks/cancel', { taskId }, AnyResult, { timeout: REQUEST_TIMEOUT }).catch(() => undefined);
}
