/** The exports for hosts: `mcp-tasks-temporal/client`. @module */
export { callTool, tasksCapability } from './call-tool.js';
export { JsonRpcError, UnexpectedAnswerError } from './errors.js';
export { fileTaskStore, type FileTaskStoreOptions } from './file-task-store.js';
export type { InputRequest, OnInput } from './inputs.js';
export type { McpClient, McpTransport, RequestOptions, ToolResult } from './mcp-client.js';
export type { CallToolOptions, CallToolParams, ResumeOptions } from './options.js';
export { rawDispatch, type RawDispatchOptions, type RawResponse } from './raw-dispatch.js';
export { resume } from './settle.js';
export type { Progress } from './seam.js';
export type { TaskStatus } from './status.js';
export type { Duration } from '../task/duration.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from '../task/errors.js';
export type { StoredTask, TaskStore } from './task-store.js';
