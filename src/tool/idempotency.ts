/** Picks the idempotency key of a call. @module */
import { McpTasksError } from '../task/errors.js';
import type { IdempotencyKey } from '../task/idempotency-key.js';
import { withoutMessage } from './author-code.js';
import type { DurableTool } from './define-tool.js';

/**
 * Returns the client's key, or else the tool's own.
 * @param args the arguments as the tool's schema parsed them
 * @throws McpTasksError `CONFIGURATION` if the tool's `idempotencyKey` returns anything but a non-empty string or
 * `undefined`
 */
export function idempotencyKeyOf(
  tool: DurableTool,
  args: unknown,
  clientKey: string | undefined,
): IdempotencyKey | undefined {
  if (clientKey !== undefined) return { by: 'client', text: clientKey };
  const text = ownKey(tool, args);
  if (text === undefined) return undefined;
  if (typeof text === 'string' && text !== '') return { by: 'tool', text };
  throw new McpTasksError(
    'CONFIGURATION',
    `tool "${tool.name}": idempotencyKey must return a non-empty string, or undefined for none`,
  );
}

function ownKey(tool: DurableTool, args: unknown): unknown {
  try {
    return tool.idempotencyKey?.(args as never);
  } catch (error) {
    throw withoutMessage(`idempotencyKey of tool "${tool.name}"`, error);
  }
}
