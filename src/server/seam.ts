/**
 * The only module that uses private members of `@modelcontextprotocol/server`. The SDK validates every answer to
 * `tools/call` as a `CallToolResult`, which a created task is not, and lists the same tools for every request. It has
 * no public API to change this. A canary test fails if these members change.
 * @module
 */
import type { JSONRPCRequest, McpServer, Result, ServerContext } from '@modelcontextprotocol/server';
import { McpTasksError } from '../task/errors.js';

export type Handler = (request: JSONRPCRequest, ctx: ServerContext) => Promise<Result>;

/** The private members of the SDK's `Server` that this module uses. */
interface Inside {
  _wrapHandler(method: string, handler: Handler): Handler;
  _getRequestHandler(method: string): Handler | undefined;
}

/**
 * Replaces the server's handler of `method` with `handle`, which also gets the SDK's own handler, including its
 * validation, to pass other requests on.
 * @throws McpTasksError `CONFIGURATION` if the SDK's version lacks these members
 */
export function intercept(
  mcp: McpServer,
  method: 'initialize' | 'tools/call' | 'tools/list',
  handle: (request: JSONRPCRequest, ctx: ServerContext, sdk: Handler) => Promise<Result>,
): void {
  const inside = mcp.server as unknown as Partial<Inside>;
  const wrap = inside._wrapHandler;
  const sdk = inside._getRequestHandler?.(method);
  if (typeof wrap !== 'function' || !sdk) {
    throw new McpTasksError(
      'CONFIGURATION',
      'this version of @modelcontextprotocol/server is not supported: install ~2.4.0',
    );
  }
  inside._wrapHandler = () => async (request, ctx) => await handle(request, ctx, sdk);
  try {
    // The registered handler does not matter: the wrapper above replaces it.
    mcp.server.setRequestHandler(method, (() => ({})) as never);
  } finally {
    delete inside._wrapHandler;
  }
}
