/**
 * What `@modelcontextprotocol/ext-tasks` leaves to its user in 2026-07-28: sending a raw request to the server and
 * getting its raw response, which the client's own methods would reject.
 * @module
 */
import { randomUUID } from 'node:crypto';
import type { McpClient } from './mcp-client.js';
import type { Message } from './message.js';
import { Tap } from './seam.js';

/** How long a response may take if the caller does not say, in milliseconds. */
const TIMEOUT = 60_000;

type Json = string | number | boolean | null | { readonly [key: string]: Json } | readonly Json[];

/** The options of a raw request, as `@modelcontextprotocol/ext-tasks` defines them. */
export interface RawDispatchOptions {
  readonly signal?: AbortSignal;
  readonly context?: { readonly headers?: Readonly<Record<string, string>>; readonly requestTimeoutMs?: number };
}

/** The answer to a raw request. */
export type RawResponse =
  | { readonly kind: 'result'; readonly result: Json }
  | {
      readonly kind: 'error';
      readonly error: { readonly code: number; readonly message: string; readonly data?: Json };
    };

/**
 * Returns the `rawDispatch` for a session of `createTaskSessionFromClient`. Requests use the client's own transport,
 * HTTP or stdio, with its authorization and the headers that 2026-07-28 requires. Aborting ends the wait, and over HTTP
 * also the request.
 *
 * @param client a connected `Client` of `@modelcontextprotocol/client`
 * @throws Error if the client is not connected, the transport fails or the response does not arrive in time
 * @example
 * const session = createTaskSessionFromClient(client, { rawDispatch: rawDispatch(client) });
 */
export function rawDispatch(client: McpClient): (request: Json, options?: RawDispatchOptions) => Promise<RawResponse> {
  return async (request, { signal, context = {} } = {}) => {
    const { transport } = client;
    if (!transport) throw new Error('The client is not connected');
    const { rawResponses } = Tap.of(client);
    const id = `raw-${randomUUID()}`;
    const limit = context.requestTimeoutMs ?? TIMEOUT;
    const timeout = AbortSignal.timeout(limit);
    const end = signal ? AbortSignal.any([signal, timeout]) : timeout;
    try {
      return await new Promise<RawResponse>((resolve, reject) => {
        end.addEventListener(
          'abort',
          () => reject(signal?.aborted ? signal.reason : new Error(`The server did not answer within ${limit} ms`)),
          { once: true },
        );
        end.throwIfAborted();
        rawResponses.set(id, (response) => resolve(rawResponse(response)));
        const lost = (): void => reject(new Error('The response stream ended without a response'));
        const send = transport.send.bind(transport) as unknown as (message: object, options: object) => Promise<void>;
        send(
          { jsonrpc: '2.0', id, ...(request as object) },
          { requestSignal: end, onRequestStreamEnd: lost, headers: context.headers },
        ).catch(reject);
      });
    } finally {
      rawResponses.delete(id);
    }
  };
}

function rawResponse({ result, error }: Message): RawResponse {
  return error
    ? { kind: 'error', error: error as Extract<RawResponse, { kind: 'error' }>['error'] }
    : { kind: 'result', result: result as Json };
}
