/**
 * What the compiler infers from a tool's schemas. `npm run typecheck` is what checks these: when the tests run, the
 * types are gone.
 */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { CallToolResult as CallToolResultV2 } from '@modelcontextprotocol/server';
import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineTool, type DurableTool, type ToolContext } from '../../src/index.js';

const inputSchema = z.object({ table: z.string(), limit: z.number().default(10) });
const outputSchema = z.object({ rows: z.number() });

describe('the arguments of run', () => {
  test('are the input schema’s parsed type', () => {
    defineTool({
      name: 'parsed',
      inputSchema: z.object({ day: z.string().transform((text) => new Date(text)), limit: z.number().default(10) }),
      async run(args) {
        expectTypeOf(args).toEqualTypeOf<{ day: Date; limit: number }>();
        return await Promise.resolve(args.limit);
      },
    });
  });

  test('are passed to beforeStart and idempotencyKey too', () => {
    defineTool({
      name: 'asked',
      inputSchema,
      beforeStart(args) {
        expectTypeOf(args).toEqualTypeOf<{ table: string; limit: number }>();
        return undefined;
      },
      idempotencyKey: ({ table, limit }) => {
        expectTypeOf(limit).toBeNumber();
        return table;
      },
      run: async ({ table }) => await Promise.resolve(table),
    });
  });
});

describe('the context of run', () => {
  test('has an unknown checkpoint type unless one is given', () => {
    defineTool({
      name: 'unknown-checkpoint',
      inputSchema,
      async run(_args, ctx) {
        expectTypeOf(ctx.lastCheckpoint).toBeUnknown();
        return await Promise.resolve();
      },
    });
    defineTool({
      name: 'numbered-checkpoint',
      inputSchema,
      async run({ limit }, ctx: ToolContext<number>) {
        expectTypeOf(limit).toBeNumber();
        expectTypeOf(ctx.lastCheckpoint).toEqualTypeOf<number | undefined>();
        // @ts-expect-error a checkpoint is a number here
        ctx.checkpoint('three');
        return await Promise.resolve();
      },
    });
  });
});

describe('the result of run', () => {
  test('must match the output schema', () => {
    defineTool({ name: 'fits', inputSchema, outputSchema, run: async () => await Promise.resolve({ rows: 1 }) });
    // @ts-expect-error `wrong` is not in the output schema, and `rows` is missing
    defineTool({ name: 'other', inputSchema, outputSchema, run: async () => await Promise.resolve({ wrong: 1 }) });
    defineTool({
      name: 'mistyped',
      inputSchema,
      outputSchema,
      // @ts-expect-error `rows` is a number
      async run() {
        return await Promise.resolve({ rows: 'one' });
      },
    });
    // @ts-expect-error nothing is returned
    defineTool({ name: 'nothing', inputSchema, outputSchema, run: async () => await Promise.resolve() });
  });

  test('may be a whole CallToolResult, of either SDK', () => {
    defineTool({
      name: 'whole',
      inputSchema,
      outputSchema,
      run: async () => await Promise.resolve({ content: [{ type: 'text', text: 'one row' }], isError: true }),
    });
    const v1: CallToolResult = { content: [{ type: 'text', text: 'one row' }] };
    const v2: CallToolResultV2 = { content: [{ type: 'text', text: 'one row' }] };
    defineTool({ name: 'v1', inputSchema, outputSchema, run: async () => await Promise.resolve(v1) });
    defineTool({ name: 'v2', inputSchema, outputSchema, run: async () => await Promise.resolve(v2) });
    defineTool({
      name: 'both',
      inputSchema,
      outputSchema,
      run: async ({ limit }) => await Promise.resolve(limit > 1 ? { rows: limit } : v2),
    });
  });

  test('may be readonly', () => {
    const rows: readonly string[] = ['a', 'b'];
    defineTool({
      name: 'readonly',
      inputSchema,
      outputSchema: z.object({ rows: z.array(z.string()) }),
      run: async () => await Promise.resolve({ rows } as const),
    });
  });

  test('can be anything without an output schema', () => {
    defineTool({ name: 'free', inputSchema, run: async () => await Promise.resolve({ anything: new Date() }) });
    defineTool({ name: 'empty', inputSchema, run: async () => await Promise.resolve() });
  });
});

describe('a workflow', () => {
  const answered = z.object({ rows: z.number() });

  test('takes the arguments and the answer, and returns what the output schema describes', () => {
    async function load(args: { table: string; limit: number }): Promise<{ rows: number }> {
      return await Promise.resolve({ rows: args.limit });
    }
    async function confirmed(
      args: { table: string },
      answer: Readonly<Record<string, unknown>>,
    ): Promise<CallToolResult> {
      return await Promise.resolve({ content: [{ type: 'text', text: `${args.table} ${String(answer['sure'])}` }] });
    }
    defineTool({ name: 'load', inputSchema, outputSchema: answered, workflow: load });
    defineTool({ name: 'confirmed', inputSchema, outputSchema: answered, workflow: confirmed });
    defineTool({ name: 'by-name', inputSchema, outputSchema: answered, workflow: 'load', asks: ['sampling'] });
  });

  test('with other arguments or another result does not compile', () => {
    async function otherArguments(_args: { file: string }): Promise<{ rows: number }> {
      return await Promise.resolve({ rows: 1 });
    }
    async function otherResult(_args: { table: string }): Promise<{ wrong: number }> {
      return await Promise.resolve({ wrong: 1 });
    }
    // @ts-expect-error the workflow needs a file
    defineTool({ name: 'arguments', inputSchema, workflow: otherArguments });
    // @ts-expect-error the workflow returns no rows
    defineTool({ name: 'result', inputSchema, outputSchema: answered, workflow: otherResult });
  });
});

describe('options', () => {
  test('that do not exist, or belong to the other kind of tool, do not compile', () => {
    const run = async (): Promise<void> => await Promise.resolve();
    const defined = (): readonly DurableTool[] => [
      // @ts-expect-error misspelt
      defineTool({ name: 'misspelt', inputSchema, titel: 'Misspelt', run }),
      // @ts-expect-error only a workflow can ask
      defineTool({ name: 'asks', inputSchema, asks: ['sampling'], run }),
      // @ts-expect-error a workflow has its own retry policy
      defineTool({ name: 'retry', inputSchema, retry: { maximumAttempts: 1 }, workflow: 'load' }),
      // @ts-expect-error either one or the other
      defineTool({ name: 'two', inputSchema, run, workflow: 'load' }),
      // @ts-expect-error neither
      defineTool({ name: 'none', inputSchema }),
      // @ts-expect-error a raw shape
      defineTool({ name: 'raw', inputSchema: { table: z.string() }, run }),
      // @ts-expect-error not one of the values
      defineTool({ name: 'later', inputSchema, fallback: 'later', run }),
    ];
    expectTypeOf(defined).returns.toEqualTypeOf<readonly DurableTool[]>();
  });
});
