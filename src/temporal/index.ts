/** The engine without the MCP SDK: `mcp-tasks-temporal/temporal`. @module */
export { Engine } from './public-engine.js';
export type { EngineOptions, WatchOptions } from './engine.js';
export type { StartRequest } from './start/start-request.js';
export { temporalClient, type TemporalClientOptions } from './connection/connect.js';
export { resolveTemporalTarget, type TemporalOptions, type TemporalTarget } from './connection/target.js';
export type { Durability } from '../local/durability.js';
export { DirectoryDriver, type DirectoryDriverOptions } from './storage/directory-driver.js';
export { Keyring } from '../task/keyring.js';
export type { IdempotencyKey } from '../task/idempotency-key.js';
export type { Outcome, RpcError, Step, Task } from '../task/task.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from '../task/errors.js';
