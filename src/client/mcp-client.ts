/**
 * The parts of a client that `callTool` needs. The `Client` classes of `@modelcontextprotocol/client` and
 * `@modelcontextprotocol/sdk` both have them, so a host needs only the SDK it is built on.
 * @module
 */
import { z } from 'zod';
import { answeredError, UnexpectedAnswerError } from './errors.js';

/** A connected `Client` of either SDK. */
export interface McpClient {
  readonly transport?: McpTransport | undefined;
  /** Returns what the server declared. */
  getServerCapabilities():
    | {
        readonly tasks?:
          | { readonly requests?: { readonly tools?: { readonly call?: object | undefined } | undefined } | undefined }
          | undefined;
      }
    | undefined;
  /** Returns the server's name and version. */
  getServerVersion(): { readonly name: string; readonly version: string } | undefined;
  /** Missing in the v1 SDK, which does not speak 2026-07-28. */
  getProtocolEra?(): string | undefined;
  /** Sends a request and parses its answer with `resultSchema`. */
  request(
    request: { method: string; params: Record<string, unknown> },
    resultSchema: typeof AnyResult,
    options: RequestOptions,
  ): Promise<unknown>;
  /** Lists a page of the server's tools. */
  listTools(params?: { cursor?: string }): Promise<{
    tools: { name: string; execution?: { taskSupport?: string | undefined } | undefined }[];
    nextCursor?: string | undefined;
  }>;
}

/** A client's connection. */
export interface McpTransport {
  /** Called with each message that arrives. */
  onmessage?: ((message: never, extra?: never) => void) | undefined;
  /** Sends a message. */
  send(message: never, options?: never): Promise<void>;
}

/** The options of a request, as both SDKs define them. `timeout` in milliseconds. */
export interface RequestOptions {
  timeout: number;
  signal?: AbortSignal;
  allowInputRequired?: boolean;
}

/** A tool's result: MCP's `CallToolResult`, independent of either SDK's types. */
export interface ToolResult {
  readonly content: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly isError?: boolean;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

/** {@link RequestOptions}, with a signal that may be `undefined`. */
export type AskOptions = Omit<RequestOptions, 'signal'> & { readonly signal?: AbortSignal | undefined };

export type Era = '2025-11-25' | '2026-07-28';

export const AnyResult = z.looseObject({});

export function eraOf(client: McpClient): Era {
  return client.getProtocolEra?.() === 'modern' ? '2026-07-28' : '2025-11-25';
}

/**
 * Sends a request and returns its answer.
 * @throws JsonRpcError if the server answered with an error; UnexpectedAnswerError if its answer does not match
 * `schema`; otherwise the client's own error, for a connection failure or a timeout
 */
export async function ask<T>(
  client: McpClient,
  request: { readonly method: string; readonly params: Record<string, unknown> },
  schema: z.ZodType<T>,
  options: AskOptions,
): Promise<T> {
  const { signal, ...rest } = options;
  const answer = await client
    .request(request, AnyResult, { ...rest, ...(signal ? { signal } : {}) })
    .catch((error: unknown) => {
      throw answeredError(error) ?? error;
    });
  const parsed = schema.safeParse(answer);
  if (!parsed.success)
    throw new UnexpectedAnswerError(
      `The server's answer to ${request.method} is not valid MCP: ${z.prettifyError(parsed.error)}`,
    );
  return parsed.data;
}
