/** Durable tools on servers of the v1 SDK: `mcp-tasks-temporal/sdk`. @module */
export { DurableTasks } from './durable-tasks.js';
export type { DurableTasksOptions } from '../durable-tasks.js';
export type { HandlerOptions, ServerFactory } from './http.js';
export type { FetchHandler } from '../mcp/sessions/sessions-http.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from '../task/errors.js';
