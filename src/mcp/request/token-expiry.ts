/** Ends what a token has opened when the token expires. @module */
import { AsyncLocalStorage } from 'node:async_hooks';
import { RPC } from '../../protocol/errors.js';
import { pushedBody } from './pushed-body.js';

/** The longest delay of a Node timer, in milliseconds. With a longer one it fires immediately. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Runs a function outside of any request. A timer keeps what is in `AsyncLocalStorage` when it is created. If that held
 * the signal of the timer, both would stay in memory until the token expires, for each request.
 */
const outsideRequests = AsyncLocalStorage.snapshot();

/**
 * Returns a signal that is aborted when the token expires.
 * @param expiresAt seconds since 1970; `undefined`: never
 */
export function expirySignal(expiresAt: number | undefined): AbortSignal | undefined {
  if (expiresAt === undefined) return undefined;
  const left = Math.ceil(expiresAt * 1000 - Date.now());
  return outsideRequests(() => AbortSignal.timeout(Math.min(Math.max(0, left), LONGEST_TIMER)));
}

/** Calls `then` when the token expires, unless the returned function is called first. */
export function onceExpired(expired: AbortSignal | undefined, then: () => void): () => void {
  expired?.addEventListener('abort', then, { once: true });
  if (expired?.aborted) then();
  return () => expired?.removeEventListener('abort', then);
}

/**
 * Returns the response, with its event stream closed when the token expires. Pushed bodies end themselves.
 * @param goesOn whether the work behind the stream must continue after that: the source is then drained, not cancelled
 */
export function untilExpiry(response: Response, expired: AbortSignal | undefined, goesOn: boolean): Response {
  const { body } = response;
  if (
    !expired ||
    !body ||
    pushedBody(response) ||
    !response.headers.get('content-type')?.startsWith('text/event-stream')
  )
    return response;
  const reader = body.getReader();
  let over = false;
  let forget = (): void => undefined;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      forget = onceExpired(expired, () => {
        over = true;
        controller.close();
        (goesOn ? readToEnd(reader) : reader.cancel()).catch(() => undefined);
      });
    },
    // Reads no faster than the client does.
    async pull(controller) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        forget();
        throw error;
      });
      if (over) return;
      if (!done) return controller.enqueue(value);
      forget();
      controller.close();
    },
    async cancel(reason) {
      over = true;
      forget();
      await reader.cancel(reason);
    },
  });
  return new Response(stream, { status: response.status, statusText: response.statusText, headers: response.headers });
}

/**
 * Returns the response, or an error if the result was ready only after the token had expired.
 * @param response not an event stream, which {@link untilExpiry} ends
 */
export async function unlessExpired(response: Response, expired: AbortSignal | undefined): Promise<Response> {
  if (!expired?.aborted || !response.headers.get('content-type')?.startsWith('application/json')) return response;
  const { status, statusText, headers } = response;
  const text = await response.text();
  const { id = null, error } = JSON.parse(text) as { id?: unknown; error?: unknown };
  if (error !== undefined) return new Response(text, { status, statusText, headers });
  return expiredAnswer(id);
}

/** The answer to a request whose token expired before its result was ready. */
export function expiredAnswer(id: unknown): Response {
  const error = { code: RPC.internalError, message: 'The access token expired before the answer was ready.' };
  return Response.json({ jsonrpc: '2.0', id, error });
}

async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}
