/** Raw requests in both protocol versions, so that tests see the wire itself, not a client's view of it. @module */
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { Endpoint } from './session-client.js';

export interface Reply {
  readonly status: number;
  readonly result?: any; // eslint-disable-line typescript/no-explicit-any -- the wire, to be asserted on
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
  /** Messages that arrived before the answer. */
  readonly notifications: readonly { readonly method: string; readonly params: Record<string, unknown> }[];
}

export interface SendOptions {
  readonly authInfo?: AuthInfo;
  readonly signal?: AbortSignal;
  /** 2025-11-25 and earlier: the version the client has negotiated. @default 2025-11-25 */
  readonly version?: string;
  /** 2026-07-28 only: the capabilities the client declares. @default the tasks extension */
  readonly capabilities?: object;
  readonly meta?: object;
  /** 2026-07-28 only: replaces these headers; `undefined` omits a header. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
let lastId = 0;

export async function send2025(
  handler: Endpoint,
  method: string,
  params: object,
  options: SendOptions = {},
): Promise<Reply> {
  const meta = options.meta ? { _meta: options.meta } : {};
  return await post(
    handler,
    { 'mcp-protocol-version': options.version ?? '2025-11-25' },
    { method, params: { ...params, ...meta } },
    options,
  );
}

export async function send2026(
  handler: Endpoint,
  method: string,
  params: Record<string, unknown>,
  options: SendOptions = {},
): Promise<Reply> {
  const name = params['taskId'] ?? params['name'];
  const standard = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
    ...options.headers,
  };
  const headers = Object.fromEntries(
    Object.entries(standard).filter((header): header is [string, string] => header[1] !== undefined),
  );
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '0' },
    'io.modelcontextprotocol/clientCapabilities': options.capabilities ?? TASKS,
    ...options.meta,
  };
  return await post(handler, headers, { method, params: { ...params, _meta } }, options);
}

async function post(
  handler: Endpoint,
  headers: Record<string, string>,
  { method, params }: { readonly method: string; readonly params: object },
  { authInfo, signal }: SendOptions,
): Promise<Reply> {
  const id = ++lastId;
  const request = new Request('http://127.0.0.1/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    ...(signal ? { signal } : {}),
  });
  const response = await handler.fetch(request, authInfo ? { authInfo } : {});
  const text = await response.text();
  const messages = text.startsWith('{')
    ? [JSON.parse(text)]
    : text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6))] : []));
  const answer = messages.find((message) => message.id === id) ?? messages.at(-1) ?? {};
  return {
    status: response.status,
    result: answer.result,
    error: answer.error,
    notifications: messages.filter((message) => message.id === undefined),
  };
}
