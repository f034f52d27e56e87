/** The capabilities that server and client declare. @module */
import { capabilitiesFor, missingCapabilities, type InputKind } from '../../task/input.js';
import { TASKS_EXTENSION } from '../../wire/v2026.js';
import { RPC, RpcFault } from './errors.js';
import type { Owner } from './owner.js';
import type { Era, RequestContext } from './request.js';

/** Returns the capabilities that a server with durable tools declares in addition to its own. */
export function serverCapabilities(era: Era, owner: Owner) {
  const extensions = { [TASKS_EXTENSION]: {} };
  return era === '2026-07-28' ? { extensions } : { extensions, tasks: tasksCapability(owner) };
}

/** Returns the `tasks` capability of 2025-11-25. It includes `list` only if requestors can be told apart. */
export function tasksCapability({ mayList }: Pick<Owner, 'mayList'>) {
  return { ...(mayList ? { list: {} } : {}), cancel: {}, requests: { tools: { call: {} } } };
}

export function declaresTasks({ capabilities: { extensions } }: Pick<RequestContext, 'capabilities'>): boolean {
  return typeof extensions === 'object' && extensions !== null && TASKS_EXTENSION in extensions;
}

/** @throws -32021 if the request does not declare the tasks extension */
export function requireTasks(ctx: Pick<RequestContext, 'capabilities'>): void {
  if (!declaresTasks(ctx)) throw missing({ extensions: { [TASKS_EXTENSION]: {} } });
}

/** @throws -32021 if the request's client has not declared that it can answer input requests of these kinds */
export function requireCapabilities(
  { capabilities }: Pick<RequestContext, 'capabilities'>,
  kinds: readonly InputKind[],
): void {
  const lacking = missingCapabilities(capabilitiesFor(kinds), capabilities);
  if (lacking) throw missing(lacking);
}

function missing(requiredCapabilities: Readonly<Record<string, object>>): RpcFault {
  const names = Object.entries(requiredCapabilities).flatMap(([name, modes]) => {
    const parts = Object.keys(modes);
    return parts.length === 0 ? [name] : parts.map((part) => `${name}.${part}`);
  });
  return new RpcFault(
    RPC.missingClientCapability,
    `Missing required client capability: ${names.join(', ')}. Retrying won't help; use a client that declares it.`,
    { requiredCapabilities },
  );
}
