/** Existing workflows as tools. Exported as `mcp-tasks-temporal/gateway`. @module */
export { serveGateway, type Gateway, type GatewayOptions } from './gateway.js';
export type { Durability } from '../local/durability.js';
export { loadGateway, type LoadedGateway } from './load.js';
export { GatewayFileError, type Problem } from './problem.js';
export type { GatewayConfig, GatewayConfigInput } from './config.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from '../task/errors.js';
