/** The measured tools. @module */
import { z } from 'zod';
import { defineTool, type DurableTool } from '../../src/index.js';
import { work } from './work.js';

const waitArgs = z.object({ ms: z.number() });

export const tools: readonly DurableTool[] = [
  defineTool({ name: 'echo', inputSchema: z.object({}), run: async () => await work.echo() }),
  defineTool({ name: 'wait', inputSchema: waitArgs, run: async (args, ctx) => await work.wait(args, ctx.signal) }),
  defineTool({ name: 'idle', inputSchema: z.object({}), workflow: 'idle' }),
  // Nobody works on these.
  defineTool({ name: 'nobody', inputSchema: z.object({}), workflow: 'idle', taskQueue: 'nobody' }),
];
