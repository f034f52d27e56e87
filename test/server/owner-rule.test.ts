/** An owner rule that throws: its message is for the operator only. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters, type Adapted } from '../helpers/adapters.js';

describe.each(adapters)('%s', (_, adapt) => {
  const logged: unknown[] = [];
  let adapted: Adapted;
  beforeAll(async () => {
    const log = (...entry: unknown[]): void => void logged.push(entry);
    adapted = await adapt([], {
      owner: () => {
        throw new Error('the password is hunter2');
      },
      logger: { error: ({ err }: { err?: Error }, text) => log(text, err?.message), warn: log, info: log, debug: log },
    });
  });
  afterAll(async () => await adapted.stack.close());

  it.each<[string, Record<string, string>]>([
    ['without headers of a version', {}],
    ['with the headers of 2026-07-28', { 'mcp-method': 'tools/list', 'mcp-protocol-version': '2026-07-28' }],
    ['with a misplaced Mcp-Method', { 'mcp-method': 'junk' }],
  ])('is logged and does not reach the client, %s', async (__, headers) => {
    logged.length = 0;
    const response = await adapted.handler.fetch(
      new Request('http://localhost/mcp', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      }),
    );
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
    expect(logged).toEqual([['failed to determine the owner of a request', 'the password is hunter2']]);
  });
});
