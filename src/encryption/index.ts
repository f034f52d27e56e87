/** Encrypts what tasks store in Temporal: `mcp-tasks-temporal/encryption`. @module */
export { encryption, type EncryptionOptions } from './encryption.js';
export type { EncryptionKeyFunction } from './keys.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from '../task/errors.js';
