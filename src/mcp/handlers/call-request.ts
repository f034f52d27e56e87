/** A `tools/call` request for a durable tool. @module */
import { z } from 'zod';
import type { DurableTool } from '../../tool/define-tool.js';
import { invalidParams } from '../request/errors.js';
import type { Era, RequestContext } from '../request/request.js';
import type { TaskService } from '../service.js';

/** Loose, because clients may send fields that the schema does not name. */
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
