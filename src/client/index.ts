/** What a host imports: `mcp-tasks-temporal/client`. @module */
export { callTool, tasksCapability, type CallToolOptions, type CallToolParams } from './call-tool.js';
export type { InputRequest, OnInput } from './inputs.js';
export type { TaskStatus } from './status.js';
