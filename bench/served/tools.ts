/** The measured tools. @module */
import { z } from 'zod';
import { defineTool, type DurableTool } from '../../src/index.js';
import { work } from './work.js';

const waitArgs = z.object({ ms: z.number() });

/** They need no workflows but those that this package ships. */
export const functionTools: readonly DurableTool[] = [
  defineTool({ name: 'echo', inputSchema: z.object({}), run: async () => await work.echo() }),
  defineTool({
    name: 'echo_short',
    inputSchema: z.object({}),
    expected: 'seconds',
    run: async () => await work.echo(),
  }),
  defineTool({ name: 'wait', inputSchema: waitArgs, run: async (args, ctx) => await work.wait(args, ctx.signal) }),
];

export const workflowTools: readonly DurableTool[] = [
  defineTool({ name: 'idle', inputSchema: z.object({}), workflow: 'idle' }),
  // Nobody works on these.
  defineTool({ name: 'nobody', inputSchema: z.object({}), workflow: 'idle', taskQueue: 'nobody' }),
];
