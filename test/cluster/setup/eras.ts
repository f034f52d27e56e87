/** A task client over HTTP with the same interface for both protocol versions. @module */
import type { McpHttpHandler } from '@modelcontextprotocol/server';
import { send2025, send2026, type Reply } from '../../helpers/raw-requests.js';

export const ERAS = ['2025-11-25', '2026-07-28'] as const;
export type Era = (typeof ERAS)[number];

export interface TaskState {
  readonly status: string;
  readonly statusMessage?: string;
}

// eslint-disable-next-line typescript/no-explicit-any -- raw protocol results, to assert on
type Result = any;

export interface TaskClient {
  /** Starts a task. @param key the idempotency key @returns the task's ID */
  start(tool: string, args: object, key?: string): Promise<string>;
  get(taskId: string): Promise<TaskState>;
  /** Waits for the tool's result. */
  result(taskId: string): Promise<Result>;
  cancel(taskId: string): Promise<void>;
  /** Lists the task IDs of all pages. 2025-11-25 only. */
  list(): Promise<string[]>;
}

/** Thrown when the server answers without a result. */
export class Refused extends Error {
  constructor(readonly reply: Reply) {
    super(`HTTP ${reply.status}: ${JSON.stringify(reply.error)}`);
  }
}

/** Returns a client of one era. @param token identifies the tasks' owner; omitted if the server does not require one */
export function taskClient(era: Era, url: URL, token?: string): TaskClient {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const handler = {
    fetch: async (request: Request) =>
      await fetch(url, {
        method: request.method,
        headers: { ...Object.fromEntries(request.headers), ...authorization },
        body: await request.text(),
      }),
  } as McpHttpHandler;
  const legacy = era === '2025-11-25';
  const ask = async (method: string, params: Record<string, unknown>, meta?: object): Promise<Result> => {
    const reply = await (legacy ? send2025 : send2026)(handler, method, params, meta ? { meta } : {});
    if (!reply.result) throw new Refused(reply);
    return reply.result;
  };
  return {
    async start(tool, args, key) {
      const meta = key === undefined ? undefined : { 'io.github.mcp-tasks-temporal/idempotency-key': key };
      const answer = await ask('tools/call', { name: tool, arguments: args, ...(legacy ? { task: {} } : {}) }, meta);
      return legacy ? answer.task.taskId : answer.taskId;
    },
    get: async (taskId) => await ask('tasks/get', { taskId }),
    async result(taskId) {
      if (legacy) return await ask('tasks/result', { taskId });
      for (;;) {
        const task = await ask('tasks/get', { taskId });
        if (task.status !== 'working') return task.result;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    cancel: async (taskId) => void (await ask('tasks/cancel', { taskId })),
    async list() {
      const ids: string[] = [];
      for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
        const page = await ask('tasks/list', cursor === undefined ? {} : { cursor });
        ids.push(...page.tasks.map(({ taskId }: { taskId: string }) => taskId));
        cursor = page.nextCursor;
      }
      return ids;
    },
  };
}
