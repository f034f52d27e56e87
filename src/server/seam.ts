/**
 * The one place that reaches into `@modelcontextprotocol/server`: it validates every answer to `tools/call` as a
 * `CallToolResult`, which a task handle is not, and lists the same tools to every request; it offers no way round. A canary
 * test fails when this seam moves.
 * @module
 */
import type { JSONRPCRequest, McpServer, Result, ServerContext } from '@modelcontextprotocol/server';
import { McpTasksError } from '../task/errors.js';

export type Handler = (request: JSONRPCRequest, ctx: ServerContext) => Promise<Result>;

/** The members of the SDK's `Server` that are used although they are not public. */
interface Inside {
  _wrapHandler(method: string, handler: Handler): Handler;
  _getRequestHandler(method: string): Handler | undefined;
}

/**
 * Puts `handle` in the place of the server's handler of `method`; `handle` gets the SDK's own, validation included, to
 * pass on what is not its business.
 * @throws McpTasksError `CONFIGURATION` if the SDK's version has no such seam
 */
export function intercept(
  mcp: McpServer,
  method: 'tools/call' | 'tools/list',
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
    // What is registered does not matter: the wrapper above takes its place.
    mcp.server.setRequestHandler(method, (() => ({})) as never);
  } finally {
    delete inside._wrapHandler;
  }
}
