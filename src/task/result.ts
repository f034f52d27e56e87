/** Tool results: MCP's `CallToolResult`, and how a plain value becomes one. Pure. @module */

/** MCP's `CallToolResult`, with content of any type. The SDKs' own types of it fit. */
export interface ToolResult {
  readonly content: readonly { readonly type: string; readonly [key: string]: unknown }[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean | undefined;
  readonly _meta?: Readonly<Record<string, unknown>> | undefined;
  readonly [key: string]: unknown;
}

export function isToolResult(value: unknown): value is ToolResult {
  if (typeof value !== 'object' || value === null) return false;
  const { content } = value as { content?: unknown };
  return (
    Array.isArray(content) &&
    content.every((block: unknown) => typeof (block as { type?: unknown } | null)?.type === 'string')
  );
}

/** Converts what a tool returned to a `CallToolResult`, unless it already is one. */
export function toToolResult(value: unknown): ToolResult {
  return isToolResult(value) ? value : dataResult(value);
}

/**
 * Wraps a value as `structuredContent`, and as text for clients that read only text: a string unchanged, anything else
 * as JSON. `undefined` and `null` give an empty result.
 */
export function dataResult(value: unknown): ToolResult {
  if (value === undefined || value === null) return { content: [] };
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return { content: [{ type: 'text', text }], structuredContent: value };
}

/** Wraps bytes as a resource embedded in the result. */
export function binaryResult(bytes: Uint8Array, uri: string): ToolResult {
  return {
    content: [
      {
        type: 'resource',
        resource: { uri, mimeType: 'application/octet-stream', blob: Buffer.from(bytes).toString('base64') },
      },
    ],
  };
}

export function errorResult(text: string): ToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

/** Returns the text of a result's text blocks, joined by line breaks. */
export function resultText(result: ToolResult): string {
  return result.content
    .flatMap((block) => (block.type === 'text' && typeof block['text'] === 'string' ? [block['text']] : []))
    .join('\n');
}
