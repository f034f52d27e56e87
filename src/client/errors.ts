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
  if (typeof code !== 'number') return undefined;
  if (name === 'ProtocolError') return new JsonRpcError(code, message, data, { cause: error });
  if (name !== 'McpError' || isOwnOfV1(code, message, data)) return undefined;
  return new JsonRpcError(code, message.replace(`MCP error ${code}: `, ''), data, { cause: error });
}

/** Detects the timeouts and closed connections that the v1 SDK reports as if the server had answered. */
function isOwnOfV1(code: number, message: string, data: unknown): boolean {
  if (code === -32001)
    return typeof data === 'object' && data !== null && ('timeout' in data || 'maxTotalTimeout' in data);
  return code === -32000 && /: (?:Connection closed|Request was cancelled)$/.test(message);
}

/** Returns whether sending the same request again may succeed; never after a server's error if `answersAreFinal`. */
export function isRetryable(error: Error, answersAreFinal: boolean): boolean {
  if (error instanceof JsonRpcError) return !answersAreFinal && error.code === INTERNAL_ERROR;
  if (error instanceof UnexpectedAnswerError || error.message === 'Not connected') return false;
  const { code } = error as Partial<Coded>;
  return !FINAL.has(code) && !REFUSED.has(code);
}
