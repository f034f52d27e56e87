/** The errors of a call: which ones the server answered with, and which may pass. @module */

/** A JSON-RPC error that the server answered a call or its task with: one class, whichever SDK the client is of. */
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

/** The server answered with something that is not MCP. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError';
}

/** Errors of the v2 SDK's own that trying again does not change. */
const FINAL = new Set<unknown>([
  'NOT_CONNECTED',
  'NOT_INITIALIZED',
  'CAPABILITY_NOT_SUPPORTED',
  'INVALID_RESULT',
  'UNSUPPORTED_RESULT_TYPE',
  'CLIENT_HTTP_AUTHENTICATION',
  'CLIENT_HTTP_FORBIDDEN',
]);
/** HTTP statuses, which the v1 SDK has as its errors' code, that trying again does not change. */
const REFUSED = new Set<unknown>([401, 403]);
/** JSON-RPC's internal error, which a server whose Temporal is away answers with. */
const INTERNAL_ERROR = -32603;

interface Coded {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly data?: unknown;
}

/** The server's error, if it is one: `ProtocolError` of the v2 SDK or `McpError` of v1, known by their names as either may be missing. */
export function answeredError(error: unknown): JsonRpcError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message, code, data } = error as Coded;
  if (typeof code !== 'number') return undefined;
  if (name === 'ProtocolError') return new JsonRpcError(code, message, data, { cause: error });
  if (name !== 'McpError' || isOwnOfV1(code, message, data)) return undefined;
  return new JsonRpcError(code, message.replace(`MCP error ${code}: `, ''), data, { cause: error });
}

/** The v1 SDK reports its timeouts and closed connections as if the server had answered. */
function isOwnOfV1(code: number, message: string, data: unknown): boolean {
  if (code === -32001)
    return typeof data === 'object' && data !== null && ('timeout' in data || 'maxTotalTimeout' in data);
  return code === -32000 && /: (?:Connection closed|Request was cancelled)$/.test(message);
}

/** Whether the same request may be answered when it is sent again. `answersAreFinal`: not after any answer of the server. */
export function mayPass(error: Error, answersAreFinal: boolean): boolean {
  if (error instanceof JsonRpcError) return !answersAreFinal && error.code === INTERNAL_ERROR;
  if (error instanceof UnexpectedAnswerError || error.message === 'Not connected') return false;
  const { code } = error as Partial<Coded>;
  return !FINAL.has(code) && !REFUSED.has(code);
}
