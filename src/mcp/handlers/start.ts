/** Turns a call into the engine's start request. @module */
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

/** The shortest ttl a call can ask for, in milliseconds: the client needs time to fetch the result. */
const SHORTEST_TTL = 10_000;
/** The longest idempotency key, in characters. */
const LONGEST_KEY = 1_000;

/**
 * The answer to the question before the start, or the question that the task itself must ask first, if there is one.
 */
export type First =
  | { readonly answer: Readonly<Record<string, unknown>>; readonly nonce: string }
  | { readonly askFirst: FormRequest | undefined };

/**
 * Builds the request that starts the call's task.
 * @param parsed the arguments as the tool's schema parsed them
 * @throws -32602 if the idempotency key is not a string of 1 to 1,000 characters, or an anonymous caller's key can be
 * guessed
 */
export function startRequest(call: Call, parsed: unknown, first: First): StartRequest {
  const { tool, params, ctx } = call;
  const caller = callerOf(call);
  const key = keyOf(call, parsed, 'nonce' in first ? first.nonce : undefined);
  return {
    owner: ctx.owner.id,
    tool,
    // A function tool's worker parses the arguments itself, so that the tool can receive types that JSON lacks.
    args: tool.work.kind === 'function' ? (params.arguments ?? {}) : parsed,
    ttl: ttlOf(call),
    ...(caller ? { caller } : {}),
    ...(key ? { key } : {}),
    ...('answer' in first ? { answer: first.answer } : first.askFirst ? { askFirst: first.askFirst } : {}),
  };
}

/**
 * Returns the call's idempotency key: the client's, the tool's own, or one made from the nonce.
 * @param nonce identifies the answer that the call carries, so that sending the same answer again starts nothing new
 */
function keyOf(
  { tool, ctx: { meta, owner } }: Call,
  parsed: unknown,
  nonce: string | undefined,
): IdempotencyKey | undefined {
  const given = meta[IDEMPOTENCY_KEY];
  if (given === undefined) {
    const own = idempotencyKeyOf(tool, parsed, undefined);
    // All anonymous callers share one owner, and a key that a tool derives from the arguments can be guessed. Ignoring
    // it ensures that identical calls from different anonymous callers never share a task.
    if (own && owner.mayList) return own;
    return nonce === undefined ? undefined : { by: 'answer', text: nonce };
  }
  if (typeof given !== 'string' || given === '' || given.length > LONGEST_KEY)
    throw invalidParams(`_meta["${IDEMPOTENCY_KEY}"] must be a string of 1 to ${LONGEST_KEY} characters`);
  // Anyone who guessed an anonymous caller's key would gain access to the task.
  if (!owner.mayList && !isStrongKey(given))
    throw invalidParams(
      `_meta["${IDEMPOTENCY_KEY}"] needs 128 random bits because the caller is not authenticated. Send a UUID, for example.`,
    );
  return idempotencyKeyOf(tool, parsed, given);
}

/**
 * Returns what later messages about the task need to know of its caller, and which questions its workflow must not ask.
 */
function callerOf(call: Call): Caller | undefined {
  const { era, params, ctx } = call;
  const { session } = ctx.stream;
  // An awaited call reports progress on its own stream, and its token is only valid during the call. In 2026-07-28
  // tasks do not report progress.
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

/** Returns what the client can answer while the work runs; `undefined` if unknown, so the workflow has to try. */
function answersOf({ era, tool, ctx }: Call): readonly InputKind[] | undefined {
  if (era === '2025-11-25') return ctx.stream.answers;
  // In 2026-07-28 only a task can ask.
  return declaresTasks(ctx) && tool.taskSupport !== 'forbidden' ? answerable(ctx.capabilities) : [];
}

function ttlOf({ service, era, tool, params }: Call): number | null {
  const asked = era === '2025-11-25' ? params.task?.ttl : undefined;
  if (asked !== undefined && asked !== null) return Math.min(Math.max(asked, SHORTEST_TTL), service.longestTtl);
  if (tool.ttl === undefined) return service.defaultTtl;
  return tool.ttl === null ? null : msToNumber(tool.ttl);
}
