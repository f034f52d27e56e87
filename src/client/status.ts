/** A task as a client sees it, in one shape for both protocol versions. @module */
import { z } from 'zod';
import { MOVED_TASK } from './moved-task.js';

/** A task, as its server last described it. */
export interface TaskStatus {
  readonly taskId: string;
  readonly status: 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';
  /** What the task is doing, for a person. */
  readonly statusMessage?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly lastUpdatedAt: string;
  /** How long the server keeps the task, in milliseconds from its creation; `null` if the server does not say. */
  readonly ttl: number | null;
  /** How often the server asks to be polled, in milliseconds. */
  readonly pollInterval: number;
}

/** The default if the server does not say, in milliseconds. */
const POLL_INTERVAL = 1_000;

const Status = z.enum(['working', 'input_required', 'completed', 'failed', 'cancelled']);
const common = {
  taskId: z.string(),
  status: Status,
  statusMessage: z.string().optional(),
  createdAt: z.string(),
  lastUpdatedAt: z.string(),
};

const Inputs = z.record(z.string(), z.looseObject({ method: z.string(), params: z.looseObject({}).optional() }));
/** A task of 2025-11-25. */
const Task2025 = z.looseObject({ ...common, ttl: z.number().nullish(), pollInterval: z.number().optional() });
/** A task of 2026-07-28, with its result, error or input requests if its status has them. */
const Task2026 = z.looseObject({
  ...common,
  ttlMs: z.number().nullish(),
  pollIntervalMs: z.number().optional(),
  result: z.looseObject({}).optional(),
  error: z.looseObject({ code: z.number(), message: z.string(), data: z.unknown() }).optional(),
  inputRequests: Inputs.optional(),
});
type AnyTask = z.infer<typeof Task2025> | z.infer<typeof Task2026>;

/**
 * The answer to `tools/call`: the tool's result, a task (in the field of either version), or what the tool asks before
 * it starts.
 */
export const CallAnswer = z.looseObject({
  task: Task2025.optional(),
  _meta: z.looseObject({ [MOVED_TASK]: Task2026.optional() }).optional(),
  inputRequests: Inputs.optional(),
  requestState: z.string().optional(),
});
export const GetAnswer = z.union([Task2026.extend({ ttlMs: z.number().nullable() }), Task2025]);
export type GetAnswer = z.infer<typeof GetAnswer>;

export function statusOf(task: AnyTask): TaskStatus {
  const ttl = 'ttlMs' in task ? task.ttlMs : task['ttl'];
  const pollInterval = 'pollIntervalMs' in task ? task.pollIntervalMs : task['pollInterval'];
  return {
    taskId: task.taskId,
    status: task.status,
    ...(task.statusMessage === undefined ? {} : { statusMessage: task.statusMessage }),
    createdAt: task.createdAt,
    lastUpdatedAt: task.lastUpdatedAt,
    ttl: typeof ttl === 'number' ? ttl : null,
    pollInterval: typeof pollInterval === 'number' ? pollInterval : POLL_INTERVAL,
  };
}

export function hasEnded({ status }: TaskStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}
