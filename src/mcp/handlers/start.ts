/** What a call has the engine start. @module */
import type { FormRequest } from '../../task/form.js';
import { IDEMPOTENCY_KEY, isStrongKey, type IdempotencyKey } from '../../task/idempotency-key.js';
import { INPUT_KINDS, type InputKind } from '../../task/input.js';
import type { Caller } from '../../task/memo.js';
import { idempotencyKeyOf } from '../../tool/idempotency.js';
import type { StartRequest } from '../../temporal/engine.js';
import type { Call } from './call-request.js';
import { declaresTasks } from '../request/capabilities.js';
import { invalidParams } from '../request/errors.js';
import { progressTokenOf } from '../request/request.js';
import { answerable } from '../request/stream.js';
import { msToNumber } from '../../temporal/seam.js';

/** The shortest ttl a call can ask for, in milliseconds: the client has to have time to fetch the result. */
const SHORTEST_TTL = 10_000;
/** The longest idempotency key, in characters. */
const LONGEST_KEY = 1_000;

/** What was asked before the start, or is still to be asked by the task. */
export type First =
  | { readonly answer: Readonly<Record<string, unknown>>; readonly nonce: string }
  | { readonly askFirst: FormRequest | undefined };

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
function keyOf(
  { tool, ctx: { meta, owner } }: Call,
  parsed: unknown,
  nonce: string | undefined,
): IdempotencyKey | undefined {
  const given = meta[IDEMPOTENCY_KEY];
  if (given === undefined) {
    const own = idempotencyKeyOf(tool, parsed, undefined);
    // All anonymous callers are one owner, and what a tool makes of the arguments can be guessed: equal calls of strangers are
    // not one task.
    if (own && owner.mayList) return own;
    return nonce === undefined ? undefined : { by: 'answer', text: nonce };
  }
  if (typeof given !== 'string' || given === '' || given.length > LONGEST_KEY)
    throw invalidParams(`_meta["${IDEMPOTENCY_KEY}"] has to be a string of 1 to ${LONGEST_KEY} characters`);
  // A key that another could guess would be another's way to the task.
  if (!owner.mayList && !isStrongKey(given))
    throw invalidParams(
      `_meta["${IDEMPOTENCY_KEY}"] needs 128 random bits where the caller is not authenticated: a UUID has them`,
    );
  return idempotencyKeyOf(tool, parsed, given);
}

/** What messages about the task need to know, and what its workflow must not ask. */
function callerOf(call: Call): Caller | undefined {
  const { era, params, ctx } = call;
  const { session } = ctx.stream;
  // A call that is awaited tells its progress itself, and its token ends with it. In 2026-07-28 tasks tell none.
  const progressToken = era === '2025-11-25' && params.task !== undefined ? progressTokenOf(ctx) : undefined;
  const answers = answersOf(call);
  const cannotAnswer = answers ? INPUT_KINDS.filter((kind) => !answers.includes(kind)) : [];
  const caller: Caller = {
    ...(session === undefined ? {} : { session }),
    ...(progressToken === undefined ? {} : { progressToken }),
    ...(cannotAnswer.length > 0 ? { cannotAnswer } : {}),
  };
  return Object.keys(caller).length > 0 ? caller : undefined;
}

/** What the client can answer while the work runs; `undefined` where that is found out by asking. */
function answersOf({ era, tool, ctx }: Call): readonly InputKind[] | undefined {
  if (era === '2025-11-25') return ctx.stream.answers;
  // There only a task can ask.
  return declaresTasks(ctx) && tool.taskSupport !== 'forbidden' ? answerable(ctx.capabilities) : [];
}

function ttlOf({ service, era, tool, params }: Call): number | null {
  const asked = era === '2025-11-25' ? params.task?.ttl : undefined;
  if (asked !== undefined && asked !== null) return Math.min(Math.max(asked, SHORTEST_TTL), service.longestTtl);
  if (tool.ttl === undefined) return service.defaultTtl;
  return tool.ttl === null ? null : msToNumber(tool.ttl);
}
