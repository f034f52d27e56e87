/** OAuth 2.1 for servers over HTTP: `mcp-tasks-temporal/auth`. @module */
export { bearerAuth, type BearerAuthOptions, type ProtectedHandler } from './bearer-auth.js';
