/** Encryption for commands: the keys in the environment turn it on. @module */
import type { DataConverter } from '@temporalio/common';
import { encryptionFromEnv } from '../encryption/encryption.js';
import type { Logger } from '../local/log.js';

/**
 * Returns the option of servers and workers that encrypts payloads, if the environment has keys.
 * @param logger logs that payloads are encrypted, because nothing else would show that the variable is missing or
 * misspelled
 * @throws McpTasksError `CONFIGURATION` if a key is invalid or weak
 */
export function encryptedBy(env: NodeJS.ProcessEnv, logger?: Logger): { readonly dataConverter?: DataConverter } {
  const dataConverter = encryptionFromEnv(env);
  if (dataConverter) logger?.info({}, 'what tasks store in Temporal is encrypted');
  return dataConverter ? { dataConverter } : {};
}
