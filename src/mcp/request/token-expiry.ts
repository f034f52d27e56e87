/** Ends an open stream when the token that it was opened with expires. @module */

/** Beyond this a timer of Node fires at once, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Calls `end` when the token expires, unless it is stopped before. @param expiresAt seconds since 1970 */
export function atExpiry(expiresAt: number | undefined, end: () => void): { stop(): void } {
  const timer =
    expiresAt === undefined
      ? undefined
      : setTimeout(end, Math.min(Math.max(0, expiresAt * 1000 - Date.now()), LONGEST_TIMER));
  return { stop: () => clearTimeout(timer) };
}

/**
 * The response, its stream ended with the token.
 * @param goesOn whether what is behind the stream is not to be cancelled by that: then it is read to its end, for nobody
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
    // No faster than the client reads.
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
