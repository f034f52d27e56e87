/**
 * The one place that reaches into `@modelcontextprotocol/server`: it validates every answer to `tools/call` as a
 * `CallToolResult`, which a task handle is not, and offers no way round. A canary test fails when this seam moves.
 * @module
 */
import type { JSONRPCRequest, McpServer, Result, ServerContext } from '@modelcontextprotocol/server';
import { McpTasksError } from '../task/errors.js';

export type CallHandler = (request: JSONRPCRequest, ctx: ServerContext) => Promise<Result>;

/** The members of the SDK's `Server` that are used although they are not public. */
interface Inside {
  _wrapHandler(method: string, handler: CallHandler): CallHandler;
  _getRequestHandler(method: string): CallHandler | undefined;
}

/**
 * Puts `handle` in the place of the server's `tools/call` handler; `handle` gets the SDK's own, validation included, to
 * pass on what is not its business.
 * @throws McpTasksError `CONFIGURATION` if the SDK's version has no such seam
 */
export function interceptToolCalls(mcp: McpServer, handle: (request: JSONRPCRequest, ctx: ServerContext, sdk: CallHandler) => Promise<Result>): void {
  const inside = mcp.server as unknown as Partial<Inside>;
  const wrap = inside._wrapHandler;
  const sdk = inside._getRequestHandler?.('tools/call');
  if (typeof wrap !== 'function' || !sdk) {
    throw new McpTasksError('CONFIGURATION', 'this version of @modelcontextprotocol/server is not supported: install ~2.4.0');
  }
  inside._wrapHandler = (method, handler) => (method === 'tools/call' ? async (request, ctx) => await handle(request, ctx, sdk) : wrap.call(mcp.server, method, handler));
  try {
    // What is registered does not matter: the wrapper above takes its place.
    mcp.server.setRequestHandler('tools/call', () => ({ content: [] }));
  } finally {
    delete inside._wrapHandler;
  }
}
