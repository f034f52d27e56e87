/**
 * A 2025-11-25 client over Streamable HTTP that hides nothing: it exposes every message and the stream it came on.
 * @module
 */
import { check, Failed, seen, within } from '../suite/verdict.js';
import { Exchange, type ServerEvent } from './exchange.js';
import { Feed } from './feed.js';
import { isResponse, type Json, type Message, type RpcError } from './message.js';

export const PROTOCOL = '2025-11-25';
/** The default time to wait for an answer, in milliseconds. */
export const PATIENCE = 20_000;

export interface Answer {
  readonly result?: Json;
  readonly error?: RpcError;
}

export interface ConnectOptions {
  /** The bearer token sent with every request. */
  readonly token?: string | undefined;
  readonly capabilities?: Json;
}

export class Session {
  /** Everything the server has sent, on any stream. */
  readonly arrived = new Feed<ServerEvent>();
  readonly exchanges: Exchange[] = [];
  id: string | undefined;
  capabilities: Json = {};
  #lastId = 0;
  #initialized = false;
  #closed = false;

  private constructor(
    readonly url: URL,
    private readonly options: ConnectOptions,
  ) {}

  /** Opens a session. @throws Failed if the server does not complete the handshake in this protocol version */
  static async connect(url: URL, options: ConnectOptions): Promise<Session> {
    const session = new Session(url, options);
    try {
      await session.#initialize();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async #initialize(): Promise<void> {
    const { exchange, answer } = this.send('initialize', {
      protocolVersion: PROTOCOL,
      capabilities: this.options.capabilities ?? { elicitation: { form: {} } },
      clientInfo: { name: 'conformance-2025-11-25', version: '1.0.0' },
    });
    const { result, error } = await within(PATIENCE, 'the answer to initialize', answer);
    check(result, `initialize: ${seen(error)}`);
    check(
      result['protocolVersion'] === PROTOCOL,
      `the server speaks ${seen(result['protocolVersion'])}, not ${PROTOCOL}`,
    );
    this.id = (await exchange.head).headers.get('mcp-session-id') ?? undefined;
    this.capabilities = (result['capabilities'] ?? {}) as Json;
    this.#initialized = true;
    await this.post({ jsonrpc: '2.0', method: 'notifications/initialized' });
  }

  /** Returns the headers of a request; an `undefined` in `changes` omits a header. */
  headers(changes: Readonly<Record<string, string | undefined>> = {}): Record<string, string> {
    const all: Record<string, string | undefined> = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(this.options.token === undefined ? {} : { authorization: `Bearer ${this.options.token}` }),
      ...(this.id === undefined ? {} : { 'mcp-session-id': this.id }),
      ...(this.#initialized ? { 'mcp-protocol-version': PROTOCOL } : {}),
      ...changes,
    };
    return Object.fromEntries(
      Object.entries(all).filter((header): header is [string, string] => header[1] !== undefined),
    );
  }

  /** Sends a request. Returns its answer and its exchange, which may also bring other messages. */
  send(
    method: string,
    params: Json = {},
    headers?: Record<string, string | undefined>,
  ): { exchange: Exchange; answer: Promise<Answer>; id: number } {
    const id = ++this.#lastId;
    const exchange = this.raw(`${method} (request ${id})`, { jsonrpc: '2.0', id, method, params }, headers);
    const answer = exchange.feed
      .find(
        ({ message }) =>
          message !== undefined &&
          isResponse(message) &&
          (message.id === id || message.id === undefined || message.id === null),
      )
      .then(({ message }) => message as Answer);
    answer.catch(() => undefined);
    return { exchange, answer, id };
  }

  /** Sends a request and waits for its answer. @throws Failed if none arrives in time */
  async ask(method: string, params: Json = {}, patience = PATIENCE): Promise<Answer> {
    return await within(patience, `the answer to ${method}`, this.send(method, params).answer);
  }

  /** Sends a request and returns its result. @throws Failed if the answer is an error or does not arrive in time */
  async result(method: string, params: Json = {}, patience = PATIENCE): Promise<Json> {
    const { result, error } = await this.ask(method, params, patience);
    check(result, `${method} ${seen(params)} was answered with ${seen(error)}`);
    return result;
  }

  /** Posts a notification or a response. @returns the HTTP status and body */
  async post(
    message: Message,
    headers?: Record<string, string | undefined>,
  ): Promise<{ status: number; body: string }> {
    const exchange = this.raw(message.method ?? `response ${seen(message.id)}`, message, headers);
    const { status } = await within(PATIENCE, `the server's acceptance of ${exchange.name}`, exchange.head);
    return { status, body: await within(PATIENCE, `the end of the answer to ${exchange.name}`, exchange.ended) };
  }

  /** Posts any body, valid or not. */
  raw(name: string, body: unknown, headers?: Record<string, string | undefined>): Exchange {
    return this.#open(name, { method: 'POST', headers: this.headers(headers), body: JSON.stringify(body) });
  }

  /** Opens the session's own stream. A server that has none answers 405. */
  get(headers?: Record<string, string | undefined>): Exchange {
    return this.#open('GET', {
      method: 'GET',
      headers: this.headers({ accept: 'text/event-stream', 'content-type': undefined, ...headers }),
    });
  }

  /** Opens the session's own stream; returns `undefined` if the server has none. */
  async listen(): Promise<Exchange | undefined> {
    const exchange = this.get();
    const { status } = await within(PATIENCE, 'the answer to GET', exchange.head);
    return status === 200 ? exchange : undefined;
  }

  async end(): Promise<number> {
    const exchange = this.#open('DELETE', { method: 'DELETE', headers: this.headers({ 'content-type': undefined }) });
    return (await within(PATIENCE, 'the answer to DELETE', exchange.head)).status;
  }

  /** Aborts all exchanges, and ends the session if there is one. */
  async close(): Promise<void> {
    for (const exchange of this.exchanges) exchange.abort();
    this.arrived.close('the session is closed');
    if (this.id !== undefined && !this.#closed) await this.end().catch(() => undefined);
    this.#closed = true;
  }

  #open(name: string, init: RequestInit): Exchange {
    // A test that has timed out keeps running; this stops it at its next request.
    if (this.#closed) throw new Failed('the session is closed');
    const exchange = new Exchange(
      name,
      async (signal) => await fetch(this.url, { ...init, signal }),
      (event) => {
        this.arrived.push(event);
        // A server may check whether its client is still there.
        if (event.message?.method === 'ping')
          this.raw('response to ping', { jsonrpc: '2.0', id: event.message.id, result: {} });
      },
    );
    this.exchanges.push(exchange);
    return exchange;
  }
}
