/** Reads many tasks for a list. @module */
import { isMcpTasksError } from '../../task/errors.js';
import type { Task } from '../../task/task.js';
import type { TaskReader } from '../read/read.js';

/** How many tasks are read concurrently. */
const AT_ONCE = 10;

/**
 * Reads tasks the same way as `tasks/get`, so that both always agree. Leaves out tasks that are gone or cannot be read,
 * so that they do not block the rest of the list.
 * @throws McpTasksError `CODEC_FAILED` if the codec failed and no task could be read at all; otherwise as the reader
 */
export async function readMany(reader: TaskReader, ids: readonly string[], until: number): Promise<Task[]> {
  const tasks: Task[] = [];
  let failure: Error | undefined;
  for (let first = 0; first < ids.length; first += AT_ONCE) {
    const reads = ids.slice(first, first + AT_ONCE).map(async (id) => await reader.read(id, until).catch(unreadable));
    for (const task of await Promise.all(reads)) {
      if (task instanceof Error) failure ??= task;
      else if (task) tasks.push(task);
    }
  }
  if (failure && tasks.length === 0) throw failure;
  return tasks;
}

/**
 * Maps a read error: `undefined` if the task does not exist or can never be read, the error if it cannot be read right
 * now.
 */
function unreadable(error: unknown): Error | undefined {
  if (isMcpTasksError(error, 'TASK_NOT_FOUND') || isMcpTasksError(error, 'PAYLOAD_UNREADABLE')) return undefined;
  if (isMcpTasksError(error, 'CODEC_FAILED')) return error;
  throw error;
}
