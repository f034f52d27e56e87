/** Reads a copy of a request's body, up to a size limit, and leaves the original unread. @module */

/**
 * Returns the body parsed as JSON, or `undefined` if it is not JSON or is too large. Reporting that is left to the
 * handler that serves the request.
 * @param largest the size limit in bytes
 */
export async function peekBody(request: Request, parsedBody: unknown, largest: number): Promise<unknown> {
  if (parsedBody !== undefined || request.method !== 'POST') return parsedBody;
  const reader = request.clone().body?.getReader();
  if (!reader) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      chunks.push(read.value as Uint8Array);
      size += (read.value as Uint8Array).byteLength;
      if (size > largest) {
        // Not awaited: it resolves only after the other branch of the clone has been read too.
        reader.cancel().catch(() => undefined);
        return undefined;
      }
    }
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    return undefined;
  }
}
