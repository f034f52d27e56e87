/** The capabilities that clients of protocol 2026-07-28 declare in every request. @module */
import { capabilitiesFor, missingCapabilities, type InputKind } from '../../task/input.js';
import { RPC, RpcFault } from '../errors.js';
import { TASKS_EXTENSION } from '../extension.js';
import type { RequestContext } from '../request.js';

/** The key of the client's capabilities in `_meta`. */
export const CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

/** What a request without the tasks extension lacks. */
export const TASKS_REQUIRED = { extensions: { [TASKS_EXTENSION]: {} } };

type Declaring = Pick<RequestContext, 'capabilities'>;

export function declaresTasks({ capabilities: { extensions } }: Declaring): boolean {
  return typeof extensions === 'object' && extensions !== null && TASKS_EXTENSION in extensions;
}

/** @throws -32021 if the request does not declare the tasks extension */
export function requireTasks(ctx: Declaring): void {
  if (!declaresTasks(ctx)) throw missing(TASKS_REQUIRED);
}

/** @throws -32021 if the request's client has not declared that it can answer input requests of these kinds */
export function requireCapabilities({ capabilities }: Declaring, kinds: readonly InputKind[]): void {
  const lacking = missingCapabilities(capabilitiesFor(kinds), capabilities);
  if (lacking) throw missing(lacking);
}

/**
 * Returns the error for a client that has not declared these capabilities. Its `data` also has `capability`, which
 * names them as text, because clients built with mcp-go read that field.
 */
export function missing(requiredCapabilities: Readonly<Record<string, object>>): RpcFault {
  const names = Object.entries(requiredCapabilities).flatMap(([name, modes]) => {
    const parts = Object.keys(modes);
    return parts.length === 0 ? [name] : parts.map((part) => `${name}.${part}`);
  });
  const capability = names.join(', ');
  return new RpcFault(
    RPC.missingClientCapability,
    `Missing required client capability: ${capability}. Retrying won't help; use a client that declares it.`,
    { requiredCapabilities, capability },
  );
}
