/** Reads files of a task, which only its workers have. @module */
import { randomUUID } from 'node:crypto';
import { McpTasksError } from '../../task/errors.js';
import { READ_FILE_WORKFLOW } from '../../task/names.js';
import type { FilePart, FileRequest } from '../../task/task-file.js';
import { isMcpTasksError } from '../../task/errors.js';
import { within, type Calls } from '../rpc/calls.js';

/** How long a worker may take, in milliseconds. */
const DEADLINE = 10_000;

/** The tool of a task: its name and its workers. */
export interface FileOwner {
  readonly name: string;
  readonly taskQueue: string;
}

/**
 * Reads a part of a file.
 * @returns why there is none, if so
 * @throws McpTasksError `NO_WORKER` if no worker answers in time, `TEMPORAL_UNAVAILABLE`
 */
export async function readTaskFile(
  calls: Calls,
  { name, taskQueue }: FileOwner,
  request: FileRequest,
): Promise<FilePart | { readonly missing: string }> {
  const workflowId = `mcp-task-file-${randomUUID()}`;
  const started = await calls.run(within(DEADLINE / 3), async () =>
    calls.client.workflow.start(READ_FILE_WORKFLOW, {
      workflowId,
      taskQueue,
      args: [name, request],
      workflowExecutionTimeout: DEADLINE,
    }),
  );
  try {
    return (await calls.once(within(DEADLINE), async () => await started.result())) as FilePart;
  } catch (error) {
    if (isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE') && calls.closing.aborted) throw error;
    throw new McpTasksError(
      'NO_WORKER',
      "No worker of this task's tool answered in time, and only its workers have its files. Try again later.",
      { cause: error },
    );
  }
}
