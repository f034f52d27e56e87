/** Reads the body of a request once, within the limits. No SDK and no handler reads it again. @module */
import type { Readable } from 'node:stream';
import { number } from '../../limits/limits.js';
import { countValues } from '../../limits/value-count.js';

/** About how much memory a parsed value takes besides its text, in bytes. */
const VALUE = 40;

export interface BodyLimits {
  /** The most bytes. */
  readonly bytes: number;
  /** The most values in the JSON, at any depth. */
  readonly values: number;
  /** Counts bytes that are now in memory. @throws LimitExceeded if they are too many for now */
  readonly count: (bytes: number) => void;
}

/** The body as JSON, or the text that is not JSON. */
export type Body = { readonly json: unknown } | { readonly text: string };

/** The body has more bytes or values than the limits allow. */
export class TooLarge extends Error {
  constructor(
    message: string,
    /** The request's JSON-RPC ID, if known. */
    readonly id: unknown = null,
  ) {
    super(message);
  }
}

/**
 * Returns the body, as long as the limits allow it.
 * @param parsedBody what a framework has already read, if one has
 * @throws TooLarge, and what `count` throws
 */
export async function readBody(request: Request, parsedBody: unknown, limits: BodyLimits): Promise<Body> {
  const declared = Number(request.headers.get('content-length'));
  if (parsedBody !== undefined) {
    limits.count(declared || Buffer.byteLength(JSON.stringify(parsedBody)));
    return { json: withinValues(parsedBody, limits) };
  }
  if (declared > limits.bytes) throw tooManyBytes(limits);
  const text = await textOf(request, limits);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { text };
  }
  return { json: withinValues(json, limits) };
}

async function textOf(request: Request, limits: BodyLimits): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  const take = (chunk: Uint8Array): void => {
    size += chunk.byteLength;
    if (size > limits.bytes) throw tooManyBytes(limits);
    limits.count(chunk.byteLength);
    text += decoder.decode(chunk, { stream: true });
  };
  const source = sources.get(request);
  await (source ? readFromNode(source, take) : readFromWeb(request, take));
  return text + decoder.decode();
}

/** Where the bodies of requests arrive. Reading there takes a fraction of the time that a web stream takes. */
const sources = new WeakMap<Request, Readable>();

/** Lets the request's body be read from Node's stream. Its own body, for other readers, must be of the same stream. */
export function readBodyFrom(source: Readable, request: Request): void {
  sources.set(request, source);
}

/** A client that hangs up has sent a part, which is not JSON. */
const ENDS = ['end', 'error', 'close'];

/** @throws what `take` throws; the rest of the body is then discarded, so that the connection can be used again */
async function readFromNode(source: Readable, take: (chunk: Uint8Array) => void): Promise<void> {
  if (source.destroyed || source.readableEnded) return;
  await new Promise<void>((resolve, reject) => {
    const onData = (chunk: Uint8Array): void => {
      try {
        take(chunk);
      } catch (error) {
        stop();
        reject(error);
      }
    };
    const onEnd = (): void => {
      stop();
      resolve();
    };
    // The answer may take hours, and the connection would hold what has been read.
    const stop = (): void => {
      source.off('data', onData);
      for (const end of ENDS) source.off(end, onEnd);
    };
    source.on('data', onData);
    for (const end of ENDS) source.once(end, onEnd);
  });
}

/** @throws what `take` throws */
async function readFromWeb({ body }: Request, take: (chunk: Uint8Array) => void): Promise<void> {
  const reader = body?.getReader();
  try {
    for (;;) {
      // A client that hangs up has sent a part, which is not JSON.
      const read = await reader?.read().catch(() => undefined);
      if (!read || read.done) return;
      take(read.value as Uint8Array);
    }
  } catch (error) {
    reader?.cancel().catch(() => undefined);
    throw error;
  }
}

function withinValues(json: unknown, { values: most, count }: BodyLimits): unknown {
  const values = countValues(json, most);
  if (values !== undefined) {
    count(VALUE * values);
    return json;
  }
  const { id } = json as { id?: unknown };
  throw new TooLarge(
    `Payload Too Large: the request contains more than ${number(most)} values (each text, number, list, object and so on counts). Send fewer at once, or pass a file's path or URL instead of its content.`,
    typeof id === 'string' || typeof id === 'number' ? id : null,
  );
}

function tooManyBytes({ bytes }: BodyLimits): TooLarge {
  return new TooLarge(`Payload Too Large: Request body must not exceed ${bytes} bytes`);
}

/** Returns the method of a JSON-RPC message; `undefined` if it has none, or is not a message. */
export function methodOf(message: unknown): unknown {
  return (message as { readonly method?: unknown } | null | undefined)?.method;
}
