/** The specification's shapes. They are loose, because a server may send more fields than these. @module */
import { z } from 'zod';

/** https://datatracker.ietf.org/doc/html/rfc3339#section-5 */
export const Timestamp = z.iso.datetime({ offset: true });
export const Status = z.enum(['working', 'input_required', 'completed', 'failed', 'cancelled']);
export const TERMINAL: readonly string[] = ['completed', 'failed', 'cancelled'];

export const Task = z.looseObject({
  taskId: z.string(),
  status: Status,
  statusMessage: z.string().optional(),
  createdAt: Timestamp,
  lastUpdatedAt: Timestamp,
  ttl: z.number().nonnegative().nullable(),
  pollInterval: z.number().positive().optional(),
});

export const CreateTaskResult = z.looseObject({ task: Task });

export const CallToolResult = z.looseObject({
  content: z.array(z.looseObject({ type: z.string() })),
  isError: z.boolean().optional(),
  structuredContent: z.looseObject({}).optional(),
});

export const ListTasksResult = z.looseObject({ tasks: z.array(Task), nextCursor: z.string().optional() });

const Declared = z.looseObject({});
export const TasksCapability = z.looseObject({
  list: Declared.optional(),
  cancel: Declared.optional(),
  requests: z.looseObject({ tools: z.looseObject({ call: Declared.optional() }).optional() }).optional(),
});

export const ElicitRequest = z.looseObject({
  message: z.string(),
  requestedSchema: z.looseObject({
    type: z.literal('object'),
    properties: z.record(z.string(), z.looseObject({ type: z.string() })),
  }),
});
