/** A look at a request's body that leaves it to be read, within a bound. @module */

/** The most that is looked at, in bytes: what the SDKs take by default. */
const LARGEST = 4 * 1024 * 1024;

/** The JSON of the body; `undefined` if it is none, or too large: to say so is left to whoever serves the request. */
export async function peekBody(request: Request, parsedBody: unknown): Promise<unknown> {
  if (parsedBody !== undefined || request.method !== 'POST') return parsedBody;
  const reader = request.clone().body?.getReader();
  if (!reader) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      chunks.push(read.value as Uint8Array);
      size += (read.value as Uint8Array).byteLength;
      if (size > LARGEST) {
        // Not awaited: it ends when the other branch has been read, too.
        reader.cancel().catch(() => undefined);
        return undefined;
      }
    }
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    return undefined;
  }
}
