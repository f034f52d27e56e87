/** A client of protocol 2025-11-25 with a session, which waits with `tasks/result`. @module */
import type { Contestant } from './contestant.js';
import type { HttpClient } from './http.js';

const VERSION = '2025-11-25';
/** How long tasks are kept, in milliseconds. */
const TTL = 3_600_000;

export class Mcp2025 implements Contestant {
  private constructor(
    private readonly http: HttpClient,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  /** @param token names the owner @default the server's own default */
  static async begin(http: HttpClient, token?: string): Promise<Mcp2025> {
    const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const params = { protocolVersion: VERSION, capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } };
    const { headers } = await http.call('initialize', params, authorization);
    const client = new Mcp2025(http, {
      ...authorization,
      'mcp-protocol-version': VERSION,
      'mcp-session-id': String(headers['mcp-session-id']),
    });
    await http.notify('notifications/initialized', {}, client.headers);
    return client;
  }

  async submit(tool: string, args: object = {}): Promise<string> {
    const params = { name: tool, arguments: args, task: { ttl: TTL } };
    const { result } = await this.http.call('tools/call', params, this.headers);
    return (result['task'] as { taskId: string }).taskId;
  }

  async get(id: string): Promise<unknown> {
    return (await this.http.call('tasks/get', { taskId: id }, this.headers)).result;
  }

  async result(id: string): Promise<unknown> {
    const { result } = await this.http.call('tasks/result', { taskId: id }, this.headers);
    if (result['isError'] === true) throw new Error(`the tool failed: ${JSON.stringify(result)}`);
    return result;
  }

  /** Reads the first page of the owner's tasks. */
  async list(): Promise<unknown> {
    return (await this.http.call('tasks/list', {}, this.headers)).result;
  }
}
