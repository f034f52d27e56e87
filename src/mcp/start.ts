/** What a call has the engine start. @module */
import { msToNumber } from '@temporalio/common/lib/time.js';
import type { FormRequest } from '../task/form.js';
import { IDEMPOTENCY_KEY, isStrongKey, type IdempotencyKey } from '../task/idempotency-key.js';
import type { Caller } from '../task/memo.js';
import { idempotencyKeyOf } from '../tool/idempotency.js';
import type { StartRequest } from '../temporal/engine.js';
import { asksOf } from '../tool/define-tool.js';
import type { Call } from './call.js';
import { invalidParams } from './errors.js';
import { progressTokenOf } from './request.js';

/** The shortest ttl a call can ask for, in milliseconds: the client has to have time to fetch the result. */
const SHORTEST_TTL = 10_000;
/** The longest idempotency key, in characters. */
const LONGEST_KEY = 1_000;

/** What was asked before the start, or is still to be asked by the task. */
export type First = { readonly answer: Readonly<Record<string, unknown>>; readonly nonce: string } | { readonly askFirst: FormRequest | undefined };

/**
 * @param parsed the arguments as the tool's schema parsed them
 * @throws -32602 for an idempotency key that is none
 */
export function startRequest(call: Call, parsed: unknown, first: First): StartRequest {
  const { tool, params, ctx } = call;
  const caller = callerOf(call);
  const key = keyOf(call, parsed, 'nonce' in first ? first.nonce : undefined);
  return {
    owner: ctx.owner.id,
    tool,
    // A function tool's worker parses the arguments itself, so that types JSON does not know reach it.
    args: tool.work.kind === 'function' ? (params.arguments ?? {}) : parsed,
    ttl: ttlOf(call),
    ...(caller ? { caller } : {}),
    ...(key ? { key } : {}),
    ...('answer' in first ? { answer: first.answer } : first.askFirst ? { askFirst: first.askFirst } : {}),
  };
}

/** @param nonce of the answer that the call brings: brought again, it starts nothing */
function keyOf({ tool, ctx: { meta, owner } }: Call, parsed: unknown, nonce: string | undefined): IdempotencyKey | undefined {
  const given = meta[IDEMPOTENCY_KEY];
  if (given === undefined) return idempotencyKeyOf(tool, parsed, nonce);
  if (typeof given !== 'string' || given === '' || given.length > LONGEST_KEY) throw invalidParams(`_meta["${IDEMPOTENCY_KEY}"] has to be a string of 1 to ${LONGEST_KEY} characters`);
  // All anonymous callers are one owner: a key that another could guess would be another's way to the task.
  if (!owner.mayList && !isStrongKey(given)) throw invalidParams(`_meta["${IDEMPOTENCY_KEY}"] needs 128 random bits where the caller is not authenticated: a UUID has them`);
  return idempotencyKeyOf(tool, parsed, given);
}

/** What the messages of 2025-11-25 about the task need to know; what its client cannot answer is found out there when it is asked. */
function callerOf({ era, tool, params, ctx }: Call): Caller | undefined {
  const { stream } = ctx;
  // A call that is awaited tells its progress itself, and its token ends with it.
  const progressToken = params.task === undefined ? undefined : progressTokenOf(ctx);
  const { answers } = stream;
  const cannotAnswer = answers && era === '2025-11-25' ? asksOf(tool).filter((kind) => !answers.includes(kind)) : [];
  const caller: Caller = {
    ...(stream.session === undefined ? {} : { session: stream.session }),
    ...(progressToken === undefined ? {} : { progressToken }),
    ...(cannotAnswer.length > 0 ? { cannotAnswer } : {}),
  };
  return Object.keys(caller).length > 0 ? caller : undefined;
}

function ttlOf({ service, tool, params }: Call): number | null {
  const asked = params.task?.ttl;
  if (asked !== undefined && asked !== null) return Math.min(Math.max(asked, SHORTEST_TTL), service.longestTtl);
  if (tool.ttl === undefined) return service.defaultTtl;
  return tool.ttl === null ? null : msToNumber(tool.ttl);
}
