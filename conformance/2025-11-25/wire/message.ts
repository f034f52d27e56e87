/** JSON-RPC messages as they are on the wire, without assumptions about their contents. @module */

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export type Json = Readonly<Record<string, unknown>>;

export interface Message {
  readonly jsonrpc?: unknown;
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Json;
  readonly result?: Json;
  readonly error?: RpcError;
}

export const RELATED_TASK = 'io.modelcontextprotocol/related-task';

export const isResponse = (message: Message): boolean =>
  message.method === undefined && ('result' in message || 'error' in message);
export const isRequest = (message: Message): boolean => message.method !== undefined && message.id !== undefined;
export const isNotification = (message: Message): boolean => message.method !== undefined && message.id === undefined;

/** Returns the related task that a message names in the `_meta` of its params or result. */
export function relatedTask({ params, result }: Message): string | undefined {
  const meta = ((params ?? result)?.['_meta'] ?? {}) as Record<string, { taskId?: string } | undefined>;
  return meta[RELATED_TASK]?.taskId;
}
