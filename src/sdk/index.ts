/** Durable tools on servers of the v1 SDK: `mcp-tasks-temporal/sdk`. @module */
export { DurableTasks } from './durable-tasks.js';
export type { DurableTasksOptions } from '../durable-tasks.js';
export { serveHttp } from '../mcp/http/node-server.js';
export type { ServerFactory } from './http.js';
export type { HandlerOptions } from '../mcp/http/handler-options.js';
export type { LimitOptions, Shares } from '../mcp/quota/table.js';
export type { ServedHandler } from '../mcp/http/node-listener.js';
export type { HttpServer, ServeHttpOptions } from '../mcp/http/node-server.js';
export type { FetchHandler } from '../mcp/sessions/sessions-http.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from '../task/errors.js';
