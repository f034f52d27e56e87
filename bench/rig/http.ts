/** A raw HTTP client: JSON-RPC over kept-alive connections, with as little of its own as possible. @module */
import { Agent, request, type IncomingMessage } from 'node:http';

export interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
}

export interface Answer {
  readonly result: Readonly<Record<string, unknown>>;
  readonly headers: IncomingMessage['headers'];
}

/** How long an answer may take, in milliseconds: longer than any row waits. */
const PATIENCE = 600_000;
const DATA = 'data:';

export class HttpClient {
  readonly #agent: Agent;
  #lastId = 0;

  constructor(readonly url: string) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  }

  /**
   * Sends a request and waits for its answer.
   * @throws Error if the answer is an error
   */
  async call(method: string, params: object, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const id = ++this.#lastId;
    const response = await this.#post({ jsonrpc: '2.0', id, method, params }, headers);
    const message = messagesIn(await textOf(response)).findLast((each) => each.id === id);
    if (!message?.result)
      throw new Error(`${method}: ${response.statusCode} ${JSON.stringify(message?.error ?? 'no answer')}`);
    return { result: message.result, headers: response.headers };
  }

  /** Sends a notification. */
  async notify(method: string, params: object, headers: Readonly<Record<string, string>>): Promise<void> {
    await textOf(await this.#post({ jsonrpc: '2.0', method, params }, headers));
  }

  /**
   * Sends a request whose answer is a stream.
   * @param take gets each message as it arrives
   * @returns the function that hangs up
   */
  async listen(
    method: string,
    params: object,
    headers: Readonly<Record<string, string>>,
    take: (message: Message) => void,
  ): Promise<() => void> {
    const response = await this.#post({ jsonrpc: '2.0', id: ++this.#lastId, method, params }, headers);
    if (!response.headers['content-type']?.startsWith('text/event-stream'))
      throw new Error(`${method}: ${await textOf(response)}`);
    let rest = '';
    response.setEncoding('utf8');
    response.on('error', () => undefined);
    response.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) for (const message of messagesIn(line)) take(message);
    });
    return () => void response.destroy();
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(body: object, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
    const payload = Buffer.from(JSON.stringify(body));
    return await new Promise((resolve, reject) => {
      const sent = request(this.url, {
        method: 'POST',
        agent: this.#agent,
        timeout: PATIENCE,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'content-length': payload.byteLength,
          ...headers,
        },
      });
      sent.on('response', resolve);
      sent.on('error', reject);
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${PATIENCE / 1_000} s`)));
      sent.setNoDelay(true);
      sent.end(payload);
    });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads a JSON body, or the events of a stream. */
function messagesIn(text: string): Message[] {
  if (text.startsWith('{')) return [JSON.parse(text) as Message];
  return text
    .split('\n')
    .filter((line) => line.startsWith(DATA) && line.trim() !== DATA)
    .map((line) => JSON.parse(line.slice(DATA.length)) as Message);
}
