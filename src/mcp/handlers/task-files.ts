/** Serves the log and the outputs of a command tool's task as resources, in parts. @module */
import { invalidParams } from '../../protocol/errors.js';
import type { RequestContext, RpcResult } from '../../protocol/request.js';
import { isMcpTasksError } from '../../task/errors.js';
import { FILE_PART } from '../../task/task-file.js';
import type { Task } from '../../task/task.js';
import { asRpcFaults } from '../request/faults.js';
import type { TaskService } from '../service.js';

/** The URIs of a task's files, and of parts of them. */
export const FILE_TEMPLATES = [
  {
    name: 'mcp-task-log',
    uriTemplate: 'mcp-task://{taskId}/log{?offset,length}',
    title: 'Log of a task',
    description:
      'What the program of one of your tasks has written, also while it runs: `length` bytes from `offset` (by default 65,536, at most 262,144). Without `offset`, the end of the log. `_meta` has `next`, the offset of the next part, and `size`.',
  },
  {
    name: 'mcp-task-output',
    uriTemplate: 'mcp-task://{taskId}/outputs/{index}{?offset,length}',
    title: 'Output file of a task',
    description:
      'A file that the program of one of your tasks has written: `length` bytes from `offset` (by default the first 65,536, at most 262,144 at once). `_meta` has `next`, the offset of the next part, and `size`.',
  },
] as const;

const URI = /^mcp-task:\/\/([^/?#]+)\/(log|outputs\/(\d{1,6}))(?:\?([^#]*))?$/;
const RANGE = new Set(['offset', 'length']);

/** Returns the variables of a file's URI; null if it is another URI. `index` is missing for a log. */
export function matchFile(uri: string): Record<string, string> | null {
  const [, taskId, , index, query] = URI.exec(uri) ?? [];
  if (taskId === undefined) return null;
  const range = [...new URLSearchParams(query)];
  const known = range.every(([name], at) => RANGE.has(name) && range.findIndex(([other]) => other === name) === at);
  return known ? { ...Object.fromEntries(range), taskId, ...(index === undefined ? {} : { index }) } : null;
}

/** Returns whether any of the server's tools runs a program. */
export function hasFiles({ tools }: TaskService): boolean {
  return [...tools.values()].some(({ work }) => work.kind === 'function' && work.command !== undefined);
}

/**
 * Reads a part of a file of one of the requestor's tasks.
 * @throws -32602 if the requestor has no such task, it has no such file, or the range is invalid
 */
export async function readFile(
  service: TaskService,
  uri: string,
  { taskId = '', index, offset, length }: Readonly<Record<string, string | undefined>>,
  ctx: RequestContext,
): Promise<RpcResult & { contents: object[] }> {
  return await asRpcFaults(service.logger, { method: 'resources/read', taskId }, ctx.signal, async () => {
    service.quota.read(ctx);
    const task = await taskOf(service, taskId, ctx);
    if (!task) throw invalidParams(`Resource ${uri} not found`);
    const part = await service.engine.readFile(ctx.owner.id, task, service.tools.get(task.tool), {
      file: index === undefined ? 'log' : Number(index),
      ...(offset === undefined ? {} : { offset: whole('offset', offset) }),
      length: length === undefined ? FILE_PART.usual : Math.min(whole('length', length), FILE_PART.most),
    });
    if ('missing' in part)
      throw invalidParams(
        `Resource ${uri} not found: ${part.missing}. ${index === undefined ? 'The program may not have started yet, or' : 'The file may have been replaced, or'} its machine or folder is gone.`,
      );
    const { text, blob = '', ...meta } = part;
    const content =
      text === undefined ? { mimeType: 'application/octet-stream', blob } : { mimeType: 'text/plain', text };
    return { contents: [{ uri, ...content, _meta: meta }] };
  });
}

async function taskOf({ engine }: TaskService, taskId: string, { owner }: RequestContext): Promise<Task | undefined> {
  try {
    return await engine.get(owner.id, taskId);
  } catch (error) {
    if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return undefined;
    throw error;
  }
}

function whole(name: string, value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw invalidParams(`${name} must be a whole number of bytes, from 0`);
}
