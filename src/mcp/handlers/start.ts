/** Turns a call into the engine's start request. @module */
import { IDEMPOTENCY_KEY, isStrongKey, type IdempotencyKey } from '../../task/idempotency-key.js';
import { milliseconds } from '../../task/duration.js';
import { INPUT_KINDS } from '../../task/input.js';
import type { Caller } from '../../task/memo.js';
import { idempotencyKeyOf } from '../../tool/idempotency.js';
import type { StartRequest } from '../../temporal/start/start-request.js';
import type { ToolCall } from '../../protocol/call.js';
import { invalidParams } from '../../protocol/errors.js';
import type { Asked, ProtocolVersion } from '../../protocol/version.js';
import type { TaskService } from '../service.js';

/** The shortest ttl a call can ask for, in milliseconds: the client needs time to fetch the result. */
const SHORTEST_TTL = 10_000;
/** The longest idempotency key, in characters. */
const LONGEST_KEY = 1_000;

export interface Prepared {
  readonly call: ToolCall;
  /** The arguments as the tool's schema parsed them. */
  readonly parsed: unknown;
  /** The outcome of the question before the start, if the tool asks one. */
  readonly asked: Exclude<Asked, { reply: unknown }> | undefined;
}

/**
 * Builds the request that starts the call's task.
 * @param parsed the arguments as the tool's schema parsed them
 * @throws -32602 if the idempotency key is not a string of 1 to 1,000 characters, or an anonymous caller's key can be
 * guessed
 */
export function startRequest(
  service: TaskService,
  version: ProtocolVersion,
  { call, parsed, asked }: Prepared,
): StartRequest {
  const { tool, params, ctx } = call;
  const caller = callerOf(version, call);
  const key = keyOf(call, parsed, asked && 'nonce' in asked ? asked.nonce : undefined);
  return {
    owner: ctx.owner.id,
    tool,
    // A function tool's worker parses the arguments itself, so that the tool can receive types that JSON lacks.
    args: tool.work.kind === 'function' ? (params.arguments ?? {}) : parsed,
    ttl: ttlOf(service, version, call),
    onTtl: tool.onTtl ?? service.onTtl,
    ...(caller ? { caller } : {}),
    ...(key ? { key } : {}),
    ...(asked ? ('answer' in asked ? { answer: asked.answer } : { askFirst: asked.askFirst }) : {}),
  };
}

/**
 * Returns the call's idempotency key: the client's, the tool's own, or one made from the nonce.
 * @param nonce identifies the answer that the call carries, so that sending the same answer again starts nothing new
 */
function keyOf(
  { tool, ctx: { meta, owner } }: ToolCall,
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

/** Returns what later messages about the task need to know of its caller, and which questions its workflow must not ask. */
function callerOf({ calls }: ProtocolVersion, call: ToolCall): Caller | undefined {
  const { session } = call.ctx.stream;
  const progressToken = calls.progressToken(call);
  const answers = calls.answers(call);
  const cannotAnswer = answers ? INPUT_KINDS.filter((kind) => !answers.includes(kind)) : [];
  const answerWithin = calls.answerWithin?.(call);
  const caller: Caller = {
    ...(session === undefined ? {} : { session }),
    ...(progressToken === undefined ? {} : { progressToken }),
    ...(cannotAnswer.length > 0 ? { cannotAnswer } : {}),
    ...(answerWithin !== undefined && answers?.length ? { answerWithin } : {}),
  };
  return Object.keys(caller).length > 0 ? caller : undefined;
}

function ttlOf({ longestTtl, defaultTtl }: TaskService, { calls }: ProtocolVersion, call: ToolCall): number | null {
  const asked = calls.ttl(call);
  if (asked !== undefined) return Math.min(Math.max(asked, SHORTEST_TTL), longestTtl);
  const { ttl } = call.tool;
  if (ttl === undefined) return defaultTtl;
  return ttl === null ? null : milliseconds(ttl, 'ttl');
}
