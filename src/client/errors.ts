/** Distinguishes a call's errors: those that came from the server, and those that may be temporary. @module */

/** A JSON-RPC error that the server answered a call or its task with. The same class for clients of either SDK. */
export class JsonRpcError extends Error {
  override readonly name = 'JsonRpcError';

  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The server answered with something that is not valid MCP. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError';
}

/** The v2 SDK's own errors that retrying does not fix. */
const FINAL = new Set<unknown>([
  'NOT_CONNECTED',
  'NOT_INITIALIZED',
  'CAPABILITY_NOT_SUPPORTED',
  'INVALID_RESULT',
  'UNSUPPORTED_RESULT_TYPE',
  'CLIENT_HTTP_AUTHENTICATION',
  'CLIENT_HTTP_FORBIDDEN',
]);
/** HTTP statuses that retrying does not fix. The v1 SDK uses the status as its errors' code. */
const REFUSED = new Set<unknown>([401, 403]);
/** JSON-RPC's internal error, which a server answers with while its Temporal is unavailable. */
const INTERNAL_ERROR = -32603;

/** The code of an error for a caller that has reached a limit. Its request changed nothing. */
const LIMIT_EXCEEDED = -32010;
/** How both SDKs' errors for a failed POST continue with the response's body. */
const POSTED = 'Error POSTing to endpoint: ';

/**
 * Returns when to send a request again that a limit has refused, in milliseconds; `undefined` for any other error.
 */
export function retryAfterOf(error: unknown): number | undefined {
  if (!(error instanceof JsonRpcError) || error.code !== LIMIT_EXCEEDED) return undefined;
  const { retryAfterMs, limit } = (error.data ?? {}) as { readonly retryAfterMs?: unknown; readonly limit?: unknown };
  return typeof retryAfterMs === 'number' && typeof limit === 'string' ? retryAfterMs : undefined;
}

interface Coded {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly data?: unknown;
}

/**
 * Converts an error that the server answered with; `undefined` for any other. Recognizes the v2 SDK's `ProtocolError`
 * and the v1 SDK's `McpError` by name, because either SDK may be missing.
 */
export function answeredError(error: unknown): JsonRpcError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message, code, data } = error as Coded;
  const refused = refusedPost(message);
  if (refused) return refused;
  if (typeof code !== 'number') return undefined;
  if (name === 'ProtocolError') return new JsonRpcError(code, message, data, { cause: error });
  if (name !== 'McpError' || isOwnOfV1(code, message, data)) return undefined;
  return new JsonRpcError(code, message.replace(`MCP error ${code}: `, ''), data, { cause: error });
}

/** Returns the error in the body of an HTTP response, if a limit has refused the request: both SDKs keep it as text. */
function refusedPost(message: string): JsonRpcError | undefined {
  const [, body] = message.split(POSTED);
  if (body === undefined) return undefined;
  try {
    const { error } = JSON.parse(body) as { readonly error?: { code: number; message: string; data?: unknown } };
    const refused = error && new JsonRpcError(error.code, error.message, error.data);
    return retryAfterOf(refused) === undefined ? undefined : refused;
  } catch {
    return undefined;
  }
}

/** Detects the timeouts and closed connections that the v1 SDK reports as if the server had answered. */
function isOwnOfV1(code: number, message: string, data: unknown): boolean {
  if (code === -32001)
    return typeof data === 'object' && data !== null && ('timeout' in data || 'maxTotalTimeout' in data);
  return code === -32000 && /: (?:Connection closed|Request was cancelled)$/.test(message);
}

/** Returns whether sending the same request again may succeed; never after a server's error if `answersAreFinal`. */
export function isRetryable(error: Error, answersAreFinal: boolean): boolean {
  if (retryAfterOf(error) !== undefined) return true;
  if (error instanceof JsonRpcError) return !answersAreFinal && error.code === INTERNAL_ERROR;
  if (error instanceof UnexpectedAnswerError || error.message === 'Not connected') return false;
  const { code } = error as Partial<Coded>;
  return !FINAL.has(code) && !REFUSED.has(code);
}
