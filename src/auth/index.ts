/** OAuth 2.1 for servers over HTTP. Exported as `mcp-tasks-temporal/auth`. @module */
export { bearerAuth, type BearerAuthOptions, type ProtectedHandler } from './bearer-auth.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from '../task/errors.js';
