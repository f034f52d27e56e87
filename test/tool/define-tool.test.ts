import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool, isMcpTasksError } from '../../src/index.js';

const inputSchema = z.object({ a: z.string() });
const run = async (): Promise<void> => await Promise.resolve();

/** Calls `defineTool` as JavaScript can, and returns the message of its error. */
function messageOf(options: unknown): string {
  try {
    defineTool(options as never);
  } catch (error) {
    if (isMcpTasksError(error, 'CONFIGURATION')) return error.message;
    throw error;
  }
  return 'no error';
}

const t = (options: object): string => messageOf({ name: 't', inputSchema, run, ...options });
const w = (options: object): string => messageOf({ name: 'w', inputSchema, workflow: 'load', ...options });

describe('defineTool', () => {
  test('accepts every option', () => {
    const common = {
      inputSchema,
      outputSchema: z.object({ rows: z.number() }),
      title: 'T',
      description: 'Does it',
      annotations: { title: 'T', readOnlyHint: true },
      fallback: 'await',
      beforeStart: () => undefined,
      immediateResponse: 'Wait',
      ttl: null,
      taskQueue: 'q',
      timeouts: { startToClose: '1 hour', heartbeat: '1000 ms' },
      idempotencyKey: () => 'k',
    } as const;
    expect(
      defineTool({ ...common, name: 't', retry: { maximumAttempts: 2 }, run: async () => ({ rows: 1 }) }),
    ).toMatchObject({ name: 't', taskSupport: 'optional', work: { kind: 'function' }, retry: { maximumAttempts: 2 } });
    async function load(): Promise<{ rows: number }> {
      return await Promise.resolve({ rows: 1 });
    }
    expect(
      defineTool({ ...common, name: 'w', taskSupport: 'required', asks: ['sampling'], workflow: load }),
    ).toMatchObject({ taskSupport: 'required', work: { kind: 'workflow', workflowType: 'load' }, asks: ['sampling'] });
    expect(t({ title: undefined })).toBe('no error');
    expect(defineTool({ name: 'w', inputSchema, workflow: 'load' })).toEqual({
      name: 'w',
      inputSchema,
      taskSupport: 'optional',
      work: { kind: 'workflow', workflowType: 'load' },
    });
  });

  test('says what to write instead of a raw shape', () => {
    expect(t({ inputSchema: { a: z.string() } })).toBe(
      'tool "t": `inputSchema` is a plain object of schemas: wrap it in z.object(...)',
    );
    expect(t({ inputSchema: {} })).toContain('wrap it in z.object(...)');
    expect(t({ outputSchema: { a: z.string() } })).toBe(
      'tool "t": `outputSchema` is a plain object of schemas: wrap it in z.object(...)',
    );
    expect(t({ inputSchema: { type: 'object' } })).toBe(
      'tool "t": `inputSchema` must be a schema such as z.object({ ... }), not an object',
    );
    expect(t({ inputSchema: z.object({ day: z.date() }) })).toBe(
      'tool "t": `inputSchema` cannot be converted to JSON Schema: Date cannot be represented in JSON Schema',
    );
    expect(t({ inputSchema: z.array(z.string()) })).toBe(
      'tool "t": `inputSchema` must describe an object, such as z.object({ ... })',
    );
    expect(t({ inputSchema: { '~standard': { version: 1, vendor: 'old', validate: run } } })).toBe(
      'tool "t": `inputSchema` cannot be converted to JSON Schema: use zod 4.2 or later, or a Standard Schema that can',
    );
  });

  test('suggests the option that was meant', () => {
    expect(t({ inputShema: inputSchema })).toBe('tool "t": unknown option `inputShema`: did you mean `inputSchema`?');
    expect(t({ timeouts: { startToclose: '1 hour' } })).toBe(
      'tool "t": unknown option `timeouts.startToclose`: did you mean `timeouts.startToClose`?',
    );
    expect(t({ retry: { attempts: 3 } })).toBe(
      'tool "t": unknown option `retry.attempts`: did you mean `retry.maximumAttempts`?',
    );
    expect(t({ annotations: { readonlyHint: true } })).toContain('did you mean `annotations.readOnlyHint`?');
    expect(t({ xyz: 1 })).toMatch(/^tool "t": unknown option `xyz`; the options are name, title, .*, asks$/);
    expect(t({ constructor: 1 })).toContain('unknown option `constructor`');
  });

  test('lists the allowed values of an option', () => {
    expect(t({ fallback: 'later' })).toBe("tool \"t\": `fallback` must be 'await' or 'handle', not 'later'");
    expect(t({ taskSupport: true })).toBe(
      "tool \"t\": `taskSupport` must be 'optional', 'required' or 'forbidden', not a boolean",
    );
    expect(t({ expected: 'minutes' })).toBe("tool \"t\": `expected` must be 'seconds', not 'minutes'");
    expect(w({ asks: ['elicitation'] })).toBe(
      "tool \"w\": `asks` must be 'elicitation.form', 'elicitation.url' or 'sampling', not 'elicitation'",
    );
    expect(w({ asks: 'sampling' })).toBe(
      'tool "w": `asks` must be an array such as [\'elicitation.form\'], not a string',
    );
  });

  test('refuses wrong types', () => {
    expect(t({ title: 7 })).toBe('tool "t": `title` must be a string, not a number');
    expect(t({ idempotencyKey: 'key' })).toBe('tool "t": `idempotencyKey` must be a function, not a string');
    expect(t({ run: 'run' })).toBe('tool "t": `run` must be a function, not a string');
    expect(t({ ttl: true })).toBe("tool \"t\": `ttl` must be a duration such as '30 seconds', '5m' or '24h'");
    expect(t({ ttl: 24 })).toBe("tool \"t\": `ttl` needs a unit: write '24 hours' or '24 seconds', whichever you mean");
    expect(t({ timeouts: { execution: 0 } })).toBe(
      'tool "t": `timeouts.execution` must be greater than 0, such as \'30 seconds\'',
    );
    expect(t({ retry: { initialInterval: 1000 } })).toBe(
      'tool "t": `retry.initialInterval` needs a unit: write \'1000 ms\'',
    );
    expect(t({ retry: 5 })).toBe('tool "t": `retry` must be an object, not a number');
    expect(t({ retry: { maximumAttempts: '5' } })).toBe(
      'tool "t": `retry.maximumAttempts` must be a number, not a string',
    );
    expect(w({ workflow: 1 })).toBe(
      'tool "w": `workflow` must be a workflow function or the name of its type, not a number',
    );
    expect(
      w({
        workflow: (
          () => async () =>
            await run()
        )(),
      }),
    ).toBe('tool "w": the `workflow` function has no name: export a named function');
    expect(messageOf({ name: 7, inputSchema, run })).toBe('a tool: `name` must be a string, not a number');
    expect(messageOf(undefined)).toBe('defineTool takes an object of options, not undefined');
  });

  test('refuses names that MCP does not allow', () => {
    expect(t({ name: 'a b' })).toBe(
      'tool "a b": this is not a tool name: use 1 to 128 letters, digits, "_", "-" or "."',
    );
  });

  test('says which options exclude each other', () => {
    expect(t({ workflow: 'load' })).toBe('tool "t": set either `run` (a function) or `workflow`, not both');
    expect(t({ run: undefined })).toBe('tool "t": set either `run` (a function) or `workflow`, not both');
    expect(t({ asks: ['sampling'] })).toBe(
      'tool "t": `asks` is for workflows: only a workflow can ask while it runs. To ask before `run` starts, use `beforeStart`',
    );
    expect(w({ retry: { maximumAttempts: 1 } })).toBe(
      'tool "w": `retry` is for `run`: a workflow sets the retry policy of its own activities',
    );
    expect(w({ expected: 'seconds' })).toBe(
      'tool "w": `expected` is for `run`: in a workflow, use local activities for short steps',
    );
    expect(t({ taskSupport: 'forbidden', fallback: 'handle' })).toBe(
      "tool \"t\": fallback 'handle' turns a long call into a task, which taskSupport 'forbidden' does not allow",
    );
    expect(w({ taskSupport: 'forbidden', asks: ['sampling'] })).toBe(
      'tool "w": only a task can ask for input: remove `asks`, or change taskSupport \'forbidden\'',
    );
  });

  test('lists every problem at once', () => {
    expect(messageOf({ name: 't', titel: 'T' })).toBe(
      [
        'tool "t": `inputSchema` is missing; for a tool without arguments, write `z.object({})`',
        'tool "t": unknown option `titel`: did you mean `title`?',
        'tool "t": set either `run` (a function) or `workflow`, not both',
      ].join('\n'),
    );
  });
});
