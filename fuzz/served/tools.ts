/** The tools of the servers that are fuzzed: one of each kind. @module */
import { z } from 'zod';
import { defineTool, ToolError } from '../../src/index.js';
import { fromJsonSchema } from '../../src/tool/json-schema.js';

/** What only its owner may read: no answer to anyone else may contain it. */
export const SECRET = 'the-secret-of-bob';

const word = z.string().max(10_000);

export const tools = [
  defineTool({
    name: 'echo',
    description: 'Answers with its text.',
    inputSchema: z.object({
      text: word,
      numbers: z.array(z.number()).max(1_000).optional(),
      any: z.unknown().optional(),
    }),
    run: async ({ text }) => await Promise.resolve({ content: [{ type: 'text', text }] }),
  }),
  defineTool({
    name: 'strict',
    description: 'Takes what its JSON Schema allows, and nothing else.',
    inputSchema: fromJsonSchema({
      type: 'object',
      properties: {
        code: { type: 'string', maxLength: 20, pattern: '^[a-z]+(-[a-z]+)*$' },
        list: { type: 'array', maxItems: 10, uniqueItems: true, items: { type: ['integer', 'object'] } },
        day: { type: 'string', format: 'date' },
        mode: { enum: ['fast', 'slow'] },
      },
      required: ['code'],
      additionalProperties: false,
    }),
    run: async () => await Promise.resolve({ content: [{ type: 'text', text: 'taken' }] }),
  }),
  defineTool({
    name: 'fail',
    description: 'Always fails.',
    inputSchema: z.object({ text: word }),
    async run({ text }) {
      return await Promise.reject(new ToolError(text));
    },
  }),
  defineTool({
    name: 'plain',
    description: 'Never becomes a task.',
    inputSchema: z.object({}),
    taskSupport: 'forbidden',
    run: async () => await Promise.resolve({ content: [{ type: 'text', text: 'plain' }] }),
  }),
  defineTool({
    name: 'always',
    description: 'Always becomes a task.',
    inputSchema: z.object({}),
    taskSupport: 'required',
    run: async () => await Promise.resolve({ content: [{ type: 'text', text: 'always' }] }),
  }),
  defineTool({
    name: 'keyed',
    description: 'Repeats with the same key are one task.',
    inputSchema: z.object({ key: word, value: z.unknown().optional() }),
    idempotencyKey: ({ key }) => key,
    run: async ({ key }) => await Promise.resolve({ content: [{ type: 'text', text: key }] }),
  }),
  defineTool({
    name: 'careful',
    description: 'Asks before it starts.',
    inputSchema: z.object({}),
    beforeStart: () => ({
      message: 'Sure?',
      requestedSchema: { type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'] },
    }),
    run: async () => await Promise.resolve({ content: [{ type: 'text', text: 'done' }] }),
  }),
  defineTool({
    name: 'ask',
    description: 'Asks for a name.',
    inputSchema: z.object({}),
    asks: ['elicitation.form'],
    workflow: 'askName',
  }),
  defineTool({
    name: 'wait',
    description: 'Waits for half a minute.',
    inputSchema: z.object({}),
    workflow: 'waitHalfAMinute',
  }),
];
