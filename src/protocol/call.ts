/** A `tools/call` request for a durable tool. @module */
import { z } from 'zod';
import type { DurableTool } from '../tool/define-tool.js';
import { invalidParams } from './errors.js';
import type { RequestContext } from './request.js';

/** Loose, because clients may send fields that the schema does not name. */
const CallParams = z.looseObject({
  name: z.string(),
  /** Absent and `null` mean none: in Go, an empty map of arguments becomes `null`. */
  arguments: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((given) => given ?? undefined),
  /** The request for a task, in versions in which the client asks for one. `ttl` in milliseconds. */
  task: z.looseObject({ ttl: z.number().nonnegative().nullish() }).optional(),
});
export type CallParams = z.infer<typeof CallParams>;

export interface ToolCall {
  readonly tool: DurableTool;
  readonly params: CallParams;
  readonly ctx: RequestContext;
}

/** A `tools/call` request as sent, for any tool. */
export interface SentCall {
  readonly name: string;
  /** Not validated. */
  readonly args: unknown;
  readonly ctx: RequestContext;
}

export function sentCall({ tool, params, ctx }: ToolCall): SentCall {
  return { name: tool.name, args: params.arguments, ctx };
}

/** @throws -32602 if these are not the parameters of a `tools/call` request */
export function parseCall(params: unknown): CallParams {
  const parsed = CallParams.safeParse(params);
  if (parsed.success) return parsed.data;
  throw invalidParams(`Invalid tools/call request: ${z.prettifyError(parsed.error)}`);
}
