/** Sends valid requests over HTTP, in both versions. @module */
import { send, type Answer } from './send/http.js';
import type { Version } from './cases/messages.js';

/* eslint-disable typescript/no-explicit-any -- the wire */
export interface Reply {
  readonly status: number;
  readonly headers: Answer['headers'];
  readonly result?: any;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: any };
  /** Messages before the answer. */
  readonly before: readonly any[];
}

export interface RequestOptions {
  readonly session?: string;
  readonly capabilities?: object;
  readonly hangUpAfter?: number;
  /** How long to wait for the answer on a stream, in milliseconds. @default 20 s */
  readonly readFor?: number;
}

const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } };
let lastId = 0;

/** Sends a valid request with a user's token. @throws Error if it is not answered */
export async function ask(
  { url, token }: { readonly url: string; readonly token: string },
  version: Version,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  { session, capabilities = TASKS, hangUpAfter, readFor = 20_000 }: RequestOptions = {},
): Promise<Reply | undefined> {
  const id = `right-${(lastId += 1)}`;
  const modern = version === '2026-07-28';
  const name = params['taskId'] ?? params['name'];
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': { name: 'fuzz', version: '0' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  };
  const sent = {
    url,
    verb: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
      ...(modern ? { 'mcp-method': method } : {}),
      ...(modern && typeof name === 'string' ? { 'mcp-name': name } : {}),
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params: modern ? { ...params, _meta } : params }),
    readFor,
    ...(hangUpAfter === undefined ? {} : { hangUpAfter }),
  };
  // The server may be closing this connection after it refused a body. Every client then tries another one.
  const answer = (await send(sent)) ?? (hangUpAfter === undefined ? await send(sent) : undefined);
  if (!answer) return undefined;
  const messages: any[] = answer.text.startsWith('{')
    ? [JSON.parse(answer.text)]
    : answer.text.split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []));
  const last = messages.find((message) => message.id === id) ?? {};
  return {
    status: answer.status,
    headers: answer.headers,
    result: last.result,
    error: last.error,
    before: messages.filter((message) => message.id !== id),
  };
}
