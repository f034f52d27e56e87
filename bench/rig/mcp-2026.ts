/** A client of protocol 2026-07-28, which asks for results. @module */
import { poll, type Contestant } from './contestant.js';
import type { HttpClient, Message } from './http.js';

const VERSION = '2026-07-28';
const _meta = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {
    elicitation: {},
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  },
};

interface Task {
  readonly status: string;
}

export class Mcp2026 implements Contestant {
  readonly #http: HttpClient;
  readonly #token: string | undefined;

  /** @param token names the owner @default the server's own default */
  constructor(http: HttpClient, token?: string) {
    this.#http = http;
    this.#token = token;
  }

  async submit(tool: string, args: object = {}): Promise<string> {
    const result = await this.#call('tools/call', { name: tool, arguments: args }, tool);
    if (result['resultType'] !== 'task') throw new Error(`not a task: ${JSON.stringify(result)}`);
    return result['taskId'] as string;
  }

  async get(id: string): Promise<Task> {
    return (await this.#call('tasks/get', { taskId: id }, id)) as unknown as Task;
  }

  async result(id: string): Promise<unknown> {
    const task = await poll(
      async () => await this.get(id),
      ({ status }) => status === 'completed' || status === 'failed' || status === 'cancelled',
    );
    if (task.status !== 'completed') throw new Error(`not completed: ${JSON.stringify(task)}`);
    return task;
  }

  /** Subscribes to tasks. @returns the function that unsubscribes */
  async listen(taskIds: readonly string[], take: (message: Message) => void): Promise<() => void> {
    const method = 'subscriptions/listen';
    const params = { notifications: { taskIds }, _meta };
    return await this.#http.listen(method, params, this.#headers(method), take);
  }

  async #call(method: string, params: object, name: string): Promise<Readonly<Record<string, unknown>>> {
    const headers = { ...this.#headers(method), 'mcp-name': name };
    return (await this.#http.call(method, { ...params, _meta }, headers)).result;
  }

  #headers(method: string): Record<string, string> {
    return {
      'mcp-protocol-version': VERSION,
      'mcp-method': method,
      ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
    };
  }
}
