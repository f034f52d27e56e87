/** A 2025-11-25 client with a session, on the wire. It lets tests check what arrives on which stream. */
import type { AuthInfo } from '@modelcontextprotocol/server';
import { EventSourceParserStream } from 'eventsource-parser/stream';

/** The endpoint of a server. Tests with several replicas use several endpoints. */
export interface Endpoint {
  fetch(request: Request, given?: { authInfo?: AuthInfo }): Promise<Response>;
}

/* eslint-disable typescript/no-explicit-any -- the wire, to be asserted on */
export interface Message {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: any;
  readonly result?: any;
  readonly error?: any;
}

let lastId = 0;

/** The messages sent in response to one request, or on one GET stream. */
export class Incoming {
  readonly messages: Message[] = [];
  /** Resolves when the stream has ended, whichever side ended it. */
  readonly ended: Promise<void>;
  #waiting = new Set<() => void>();
  readonly #drop = new AbortController();

  constructor(readonly response: Response) {
    this.ended = this.#read();
  }

  /** Returns the first message that matches, waiting for it if necessary. */
  async next(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.messages.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Returns all messages once the stream has ended. */
  async all(): Promise<readonly Message[]> {
    await this.ended;
    return this.messages;
  }

  async drop(): Promise<void> {
    this.#drop.abort();
    await this.ended;
  }

  async #read(): Promise<void> {
    try {
      if (this.response.headers.get('content-type')?.startsWith('application/json'))
        return this.#take((await this.response.json()) as Message);
      const events = this.response.body
        ?.pipeThrough(new TextDecoderStream() as never, { signal: this.#drop.signal })
        .pipeThrough(new EventSourceParserStream()) as unknown as AsyncIterable<{ data: string }> | undefined;
      // An event without data only marks where the stream can be resumed.
      for await (const { data } of events ?? []) if (data !== '') this.#take(JSON.parse(data) as Message);
    } catch (error) {
      if (!this.#drop.signal.aborted) throw error;
    }
  }

  #take(message: Message): void {
    this.messages.push(message);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

export class Session {
  constructor(
    readonly id: string,
    private readonly authInfo: AuthInfo | undefined,
    /** What the server answered to `initialize`. */
    readonly begun: Message = {},
  ) {}

  /** Clients send their version with every request since 2025-06-18. */
  get #headers(): Record<string, string> {
    const { protocolVersion = '2025-11-25' } = (this.begun.result ?? {}) as { protocolVersion?: string };
    return {
      'mcp-session-id': this.id,
      ...(protocolVersion >= '2025-06-18' ? { 'mcp-protocol-version': protocolVersion } : {}),
    };
  }

  static async begin(
    at: Endpoint,
    capabilities: object = { elicitation: { form: {}, url: {} }, sampling: {} },
    authInfo?: AuthInfo,
    { headers = {}, version = '2025-11-25' }: { headers?: Record<string, string>; version?: string } = {},
  ): Promise<Session> {
    const params = { protocolVersion: version, capabilities, clientInfo: { name: 'test', version: '0' } };
    const response = await post(at, { jsonrpc: '2.0', id: ++lastId, method: 'initialize', params }, headers, authInfo);
    const [begun] = (await new Incoming(response).all()) as [Message];
    return new Session(response.headers.get('mcp-session-id') as string, authInfo, begun);
  }

  /** Sends a request and opens its response stream. */
  async open(
    at: Endpoint,
    method: string,
    params: object = {},
    headers: Record<string, string> = {},
  ): Promise<Incoming & { readonly requestId: number }> {
    const requestId = ++lastId;
    const response = await post(
      at,
      { jsonrpc: '2.0', id: requestId, method, params },
      { ...this.#headers, ...headers },
      this.authInfo,
    );
    return Object.assign(new Incoming(response), { requestId });
  }

  /** Sends a request and returns the response. */
  async request(
    at: Endpoint,
    method: string,
    params: object = {},
    headers: Record<string, string> = {},
  ): Promise<Message> {
    const stream = await this.open(at, method, params, headers);
    return await stream.next(
      ({ id, method: asked }) => asked === undefined && (id === stream.requestId || id === null),
    );
  }

  /** Opens the session's own stream, with GET. */
  async listen(at: Endpoint): Promise<Incoming> {
    const headers = { ...this.#headers, accept: 'text/event-stream' };
    return new Incoming(
      await at.fetch(
        new Request('http://127.0.0.1/mcp', { headers }),
        this.authInfo ? { authInfo: this.authInfo } : {},
      ),
    );
  }

  async notify(at: Endpoint, method: string, params: object): Promise<void> {
    await post(at, { jsonrpc: '2.0', method, params }, this.#headers, this.authInfo);
  }

  /** Replies to a request from the server. @returns the HTTP status */
  async reply(at: Endpoint, id: unknown, reply: { result: object } | { error: object }): Promise<number> {
    return (await post(at, { jsonrpc: '2.0', id, ...reply }, this.#headers, this.authInfo)).status;
  }
}

async function post(
  at: Endpoint,
  body: object,
  headers: Record<string, string>,
  authInfo: AuthInfo | undefined,
): Promise<Response> {
  const standard = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return await at.fetch(
    new Request('http://127.0.0.1/mcp', {
      method: 'POST',
      headers: { ...standard, ...headers },
      body: JSON.stringify(body),
    }),
    authInfo ? { authInfo } : {},
  );
}
