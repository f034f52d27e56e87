/** Encryption for commands: the keys in the environment turn it on. @module */
import type { DataConverter } from '@temporalio/common';
import { encryptionFromEnv } from '../encryption/encryption.js';

/**
 * Returns the option of servers and workers that encrypts payloads, if the environment has keys.
 * @throws McpTasksError `CONFIGURATION` if a key is invalid or weak
 */
export function encryptedBy(env: NodeJS.ProcessEnv): { readonly dataConverter?: DataConverter } {
  const dataConverter = encryptionFromEnv(env);
  return dataConverter ? { dataConverter } : {};
}
