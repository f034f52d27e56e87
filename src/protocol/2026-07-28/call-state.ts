/**
 * The state of a call that was answered with questions. The client returns it when it repeats the call with the
 * answers. It is sealed for the call's owner, tool, arguments and idempotency key, so it fits no other call.
 * @module
 */
import { createHash } from 'node:crypto';
import { canonicalJson, IDEMPOTENCY_KEY } from '../../task/idempotency-key.js';
import type { SentCall } from '../call.js';
import { invalidParams, type RpcFault } from '../errors.js';
import type { StateCodec } from '../request.js';

/** Who asks: the server before it starts a task, or a task. Neither accepts the other's state. */
export type Asker = 'server' | 'task';

export async function sealState(call: SentCall, asker: Asker, payload: string, ttlSeconds: number): Promise<string> {
  return await codecOf(call).codec.mint(payload, boundTo(call, asker), ttlSeconds);
}

/** Returns the payload of the state that the call carries; `undefined` if it carries no valid state of this kind. */
export async function openState(call: SentCall, asker: Asker): Promise<string | undefined> {
  const { given, codec } = codecOf(call);
  return given === undefined ? undefined : await codec.open(given, boundTo(call, asker));
}

export function hasState(call: SentCall): boolean {
  return codecOf(call).given !== undefined;
}

function codecOf({ ctx: { requestState } }: SentCall): { given: string | undefined; codec: StateCodec } {
  if (!requestState) throw new Error('a request of this version can carry state');
  return requestState;
}

function boundTo({ name, args, ctx: { owner, meta } }: SentCall, asker: Asker): string {
  const digest = createHash('sha256')
    .update(canonicalJson(args ?? {}))
    .digest('base64url');
  return JSON.stringify([...(asker === 'task' ? ['task'] : []), owner.id, name, digest, meta[IDEMPOTENCY_KEY] ?? null]);
}

export function invalidState(): RpcFault {
  return invalidParams(
    'Invalid or expired requestState: no answer was delivered and nothing was started. A requestState is valid only for the same caller, tool and arguments, and for a limited time. To start over, repeat the call without it.',
  );
}
