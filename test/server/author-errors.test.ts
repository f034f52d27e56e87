/** What the log says about an exception of a tool's own functions: its type and place, but nothing that it quotes. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool, type Logger } from '../../src/index.js';
import { adapters } from '../helpers/adapters.js';
import { send2025 } from '../helpers/raw-requests.js';
import { silent, type Stack } from '../helpers/stack.js';

const run = async (): Promise<object> => await Promise.resolve({});
const inputSchema = z.object({ table: z.string() });
function refuse({ table }: { table: string }): never {
  throw new TypeError(`no table ${table}`);
}
const fussy = z.object({ table: z.string().refine((table) => refuse({ table })) });
const tools = [
  defineTool({ name: 'asking', inputSchema, beforeStart: refuse, run }),
  defineTool({ name: 'keyed', inputSchema, idempotencyKey: refuse, run }),
  defineTool({ name: 'fussy', inputSchema: fussy, run }),
];

describe.each(adapters)('%s SDK', (_sdk, adapt) => {
  const error = vi.fn<Logger['error']>();
  let stack: Stack<TasksConnection>;
  let handler: { fetch(request: Request): Promise<Response> };
  beforeAll(async () => {
    ({ stack, handler } = await adapt(tools, { logger: { ...silent, error } }));
  });
  beforeEach(() => void error.mockClear());
  afterAll(async () => await stack.close());

  it.each([
    ['asking', 'beforeStart of tool "asking" threw a TypeError'],
    ['keyed', 'idempotencyKey of tool "keyed" threw a TypeError'],
    ['fussy', 'inputSchema of tool "fussy" threw a TypeError'],
  ])('%s', async (name, said) => {
    const { error: answered } = await send2025(handler, 'tools/call', {
      name,
      arguments: { table: 'SECRET' },
      task: {},
    });
    expect(answered).toMatchObject({ code: -32603 });
    const [fields] = error.mock.calls[0] as unknown as [{ err: Error }];
    expect(fields.err.message).toContain(said);
    expect(fields.err.stack).toContain('author-errors.test.ts');
    expect(JSON.stringify([error.mock.calls, fields.err.message, fields.err.stack, answered])).not.toContain('SECRET');
    expect(fields.err.cause).toBeUndefined();
  });
});
