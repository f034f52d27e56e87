/** `encryption`: the data converter that encrypts what servers and workers store in Temporal. @module */
import type { DataConverter } from '@temporalio/common';
import { McpTasksError } from '../task/errors.js';
import { EncryptionCodec } from './codec.js';
import { FAILURE_CONVERTER } from './failure-converter.js';
import { EncryptionKeys, type EncryptionKeyFunction } from './keys.js';

/** The variable with the keys. */
const VARIABLE = 'MCP_TASKS_ENCRYPTION_KEYS';

/** The options of {@link encryption}. */
export interface EncryptionOptions {
  /**
   * The keys, as `<id>:<key>`, separated by commas: the first one encrypts, and all of them decrypt. A key is 32 random
   * bytes in base64. Alternatively, a function that fetches a key from a key management system.
   * @default MCP_TASKS_ENCRYPTION_KEYS
   */
  readonly keys?: string | EncryptionKeyFunction;
  /** The ID of the key that encrypts. Required if `keys` is a function, and not allowed otherwise. */
  readonly activeKey?: string;
  /**
   * Your own data converter. Its codecs run before encryption, and its external storage gets encrypted payloads. If it
   * has a failure converter, that one must encode messages and stack traces itself (`encodeCommonAttributes`).
   * @default Temporal's
   */
  readonly dataConverter?: DataConverter;
}

/**
 * Returns a data converter that encrypts arguments, results, questions, answers, memos, heartbeats and failures with
 * AES-256-GCM. Pass it to both `DurableTasks.connect` and `createWorker`. If you build the workflow bundle yourself,
 * pass its `failureConverterPath` to `bundleWorkflowCode`.
 *
 * @throws McpTasksError `CONFIGURATION` if there are no keys, or one is invalid or weak
 * @example
 * const tasks = await DurableTasks.connect({ tools, dataConverter: encryption() });
 */
export function encryption({ keys, activeKey, dataConverter = {} }: EncryptionOptions = {}): DataConverter {
  const codec = new EncryptionCodec(keysFrom(keys ?? process.env[VARIABLE] ?? '', activeKey));
  return {
    ...dataConverter,
    failureConverterPath: dataConverter.failureConverterPath ?? FAILURE_CONVERTER,
    payloadCodecs: [...(dataConverter.payloadCodecs ?? []), codec],
  };
}

/**
 * Returns `encryption` of `dataConverter` if the environment has keys, otherwise `dataConverter` unchanged.
 * @throws McpTasksError `CONFIGURATION` if a key is invalid or weak
 */
export function encryptionFromEnv(env: NodeJS.ProcessEnv, dataConverter?: DataConverter): DataConverter | undefined {
  // Compose files pass an empty variable for "not set".
  const keys = env[VARIABLE]?.trim();
  return keys ? encryption({ keys, ...(dataConverter ? { dataConverter } : {}) }) : dataConverter;
}

function keysFrom(keys: string | EncryptionKeyFunction, activeKey: string | undefined): EncryptionKeys {
  if (typeof keys === 'function') {
    if (activeKey !== undefined) return EncryptionKeys.from(keys, activeKey);
    throw new McpTasksError(
      'CONFIGURATION',
      'encryption: `keys` is a function, so name the key that encrypts with `activeKey`',
    );
  }
  if (activeKey === undefined) return EncryptionKeys.parse(keys);
  throw new McpTasksError(
    'CONFIGURATION',
    'encryption: `activeKey` is only allowed if `keys` is a function. Otherwise put the key that encrypts first',
  );
}
