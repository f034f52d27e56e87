/** Ends an open stream when the token that opened it expires. @module */

/** The longest delay of a Node timer, in milliseconds. With a longer one it fires immediately. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Calls `end` when the token expires, unless stopped first.
 * @param expiresAt seconds since 1970; `undefined`: never
 */
export function atExpiry(expiresAt: number | undefined, end: () => void): { stop(): void } {
  const timer =
    expiresAt === undefined
      ? undefined
      : setTimeout(end, Math.min(Math.max(0, expiresAt * 1000 - Date.now()), LONGEST_TIMER));
  return { stop: () => clearTimeout(timer) };
}

/**
 * Returns the response, with its event stream closed when the token expires.
 * @param goesOn whether the work behind the stream must continue after that: the source is then drained, not cancelled
 */
export function untilExpiry(response: Response, expiresAt: number | undefined, goesOn: boolean): Response {
  const { body } = response;
  if (expiresAt === undefined || !body || !response.headers.get('content-type')?.startsWith('text/event-stream'))
    return response;
  const reader = body.getReader();
  let over = false;
  let expiry: { stop(): void } | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      expiry = atExpiry(expiresAt, () => {
        over = true;
        controller.close();
        (goesOn ? readToEnd(reader) : reader.cancel()).catch(() => undefined);
      });
    },
    // Reads no faster than the client does.
    async pull(controller) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        expiry?.stop();
        throw error;
      });
      if (over) return;
      if (!done) return controller.enqueue(value);
      expiry?.stop();
      controller.close();
    },
    async cancel(reason) {
      over = true;
      expiry?.stop();
      await reader.cancel(reason);
    },
  });
  return new Response(stream, { status: response.status, statusText: response.statusText, headers: response.headers });
}

async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}
