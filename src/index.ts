/** The exports for server authors: `mcp-tasks-temporal`. @module */
export { DurableTasks } from './server/durable-tasks.js';
export { serveHttp } from './mcp/http/node-server.js';
export type { HandlerOptions, ServerFactory } from './server/serve.js';
export type { ServedHandler } from './mcp/http/node-listener.js';
export type { HttpServer, ServeHttpOptions } from './mcp/http/node-server.js';
export type { DurableTasksOptions } from './durable-tasks.js';
export { defineTool, type DurableTool } from './tool/define-tool.js';
export { defineCommand, type CommandOptions } from './command/define-command.js';
export type {
  CommandEntry,
  CommandLine,
  CommandProgress,
  CommandSpec,
  ExitCodes,
  LogBounds,
  ProgressFields,
  StopProgram,
} from './command/spec.js';
export type {
  FunctionToolOptions,
  LargeResult,
  ToolContext,
  ToolHints,
  ToolOptions,
  ToolOutput,
  WorkflowToolOptions,
} from './tool/options.js';
export type { ToolRetry, ToolTimeouts } from './tool/policy.js';
export type { ToolSchema } from './tool/schema.js';
export { InputUnavailableError, TaskError, ToolError } from './tool/errors.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from './task/errors.js';
export { IDEMPOTENCY_KEY } from './task/idempotency-key.js';
export type { FormRequest } from './task/form.js';
export type { InputKind } from './task/input.js';
export type { Duration } from './task/duration.js';
export type { ToolResult } from './task/result.js';
export type { Logger } from './local/log.js';
export type { LimitOptions, Shares } from './mcp/quota/table.js';
export type { OwnerRule } from './mcp/request/owner.js';
export type { TemporalOptions, TemporalTarget } from './temporal/connection/target.js';
export type { Durability } from './local/durability.js';
