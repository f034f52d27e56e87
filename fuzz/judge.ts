/** Checks that an answer is a correct result or a documented error. Pure. @module */
import { createParser } from 'eventsource-parser';
import { SECRET } from './served/tools.js';

/** An answer over any transport. */
export interface Judged {
  /** The HTTP status. @default none, as over stdio */
  readonly status?: number;
  /** Whether the body is an event stream. */
  readonly stream: boolean;
  readonly text: string;
  /** Whether the answer had ended when the client stopped reading. */
  readonly ended: boolean;
  /** The size of the request with its headers, in characters: an error may repeat parts of it. @default 0 */
  readonly requestSize?: number;
}

export interface Verdict {
  /** What is wrong with the answer. */
  readonly problem: string | undefined;
  /** Whether the server must have logged it. */
  readonly mustBeLogged: boolean;
  /** A short name for the kind of answer, for the statistics. */
  readonly kind: string;
}

/** The statuses in MCP's transports and authorization, in docs/, and those of Node's own HTTP parser. */
const STATUSES = new Set([200, 202, 400, 401, 403, 404, 405, 406, 409, 413, 415, 429, 431, 500, 503]);

/** Those of JSON-RPC and MCP, and the ones in docs/configuration.md. */
const CODES = new Set([-32700, -32600, -32601, -32602, -32603, -32000, -32001, -32002, -32010, -32020, -32021, -32022]);

/** The maximum size of any error, in characters. */
const LARGEST_ERROR = 16_000;
/** How much larger than its request an error may be: the SDKs repeat names and versions, up to three times. */
const MOST_GROWTH = 3.5;
const LARGEST = 3_000_000;

/** A stack frame, also in a JSON text, or a file of this package or its dependencies. */
const INTERNALS = /(?:\n|\\n)\s+at \S.*:\d+:\d+|node_modules|\/dist\/src\//;

interface JsonRpc {
  readonly jsonrpc?: unknown;
  readonly id?: unknown;
  readonly method?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly data?: unknown };
}

export function judge(answer: Judged): Verdict {
  const { status, text, stream } = answer;
  const wrong = (problem: string): Verdict => ({ problem, mustBeLogged: false, kind: 'wrong' });
  if (status !== undefined && !STATUSES.has(status)) return wrong(`the status ${status} is not documented`);
  if (text.length > LARGEST) return wrong(`the answer has more than ${LARGEST} characters`);
  if (text.includes(SECRET)) return wrong("the answer contains another owner's result");
  const internals = INTERNALS.exec(text);
  if (internals) return wrong(`the answer shows internals: ${internals[0].trim()}`);
  let messages: readonly unknown[];
  try {
    messages = stream ? eventsOf(text, answer.ended) : text === '' ? [] : [JSON.parse(text)];
  } catch {
    // What Node refuses before any handler has no JSON body.
    if (status !== undefined && status >= 400 && text.length < 200)
      return { problem: undefined, mustBeLogged: status >= 500, kind: `${status}` };
    return wrong('the answer is not JSON');
  }
  const kinds: string[] = [];
  let mustBeLogged = status !== undefined && status >= 500;
  for (const message of messages) {
    const { problem, kind, logged } = judgeMessage(message, { status, requestSize: answer.requestSize });
    if (problem !== undefined) return wrong(problem);
    kinds.push(kind);
    mustBeLogged ||= logged;
  }
  return {
    problem: undefined,
    mustBeLogged,
    kind: [status, ...new Set(kinds)].filter((each) => each !== undefined).join(' '),
  };
}

/** Judges one message of a server. */
export function judgeMessage(
  message: unknown,
  { status, requestSize = 0 }: { readonly status?: number | undefined; readonly requestSize?: number | undefined } = {},
): { problem: string | undefined; kind: string; logged: boolean } {
  const bad = (problem: string) => ({ problem, kind: 'wrong', logged: false });
  if (Array.isArray(message)) return bad('the answer is a batch, which neither version has');
  if (typeof message !== 'object' || message === null) return bad('the answer is no object');
  const { jsonrpc, id, method, result, error } = message as JsonRpc;
  // OAuth's errors (RFC 6750) are not JSON-RPC.
  if (status !== undefined && [401, 403, 503].includes(status) && typeof error === 'string')
    return { problem: undefined, kind: 'oauth', logged: false };
  if (jsonrpc !== '2.0') return bad('the answer is not JSON-RPC 2.0');
  if (method !== undefined) return { problem: undefined, kind: 'message', logged: false };
  if ((result === undefined) === (error === undefined))
    return bad('the answer has not exactly one of result and error');
  if (result !== undefined) {
    if (typeof result !== 'object' || result === null) return bad('the result is no object');
    return { problem: undefined, kind: `result`, logged: false };
  }
  const { code, message: words, data } = error ?? {};
  if (typeof code !== 'number' || !CODES.has(code)) return bad(`the error code ${String(code)} is not documented`);
  if (typeof words !== 'string' || words.length < 5) return bad('the error has no message');
  const size = JSON.stringify(error).length;
  if (size > Math.max(LARGEST_ERROR, MOST_GROWTH * requestSize)) return bad(`the error has ${size} characters`);
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number')
    return bad('the id is neither a text nor a number');
  const retryable = (data as { retryable?: unknown } | undefined)?.retryable === true;
  if (code === -32603 && isSchemaIssues(words)) return { problem: undefined, kind: "the SDK's -32603", logged: false };
  return { problem: undefined, kind: String(code), logged: code === -32603 && !retryable };
}

/** The SDKs answer wrong parameters of their own methods with -32603 and a list of Zod's issues, which nobody logs. */
function isSchemaIssues(words: string): boolean {
  try {
    return Array.isArray(JSON.parse(words));
  } catch {
    return false;
  }
}

/** Returns the messages of an event stream. The last event may be cut off if the client stopped reading. */
function eventsOf(text: string, ended: boolean): unknown[] {
  const messages: unknown[] = [];
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data !== '') messages.push(JSON.parse(data));
    },
  });
  parser.feed(ended ? `${text}\n\n` : text);
  return messages;
}
