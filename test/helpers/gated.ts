/** Tools that finish only when a test releases them. */
import { z } from 'zod';
import { defineTool, type DurableTool, ToolError, type ToolResult } from '../../src/index.js';

/** A schema that refers to itself. */
interface Tree {
  name: string;
  children: Tree[];
}
const Tree: z.ZodType<Tree> = z.object({
  name: z.string(),
  get children() {
    return z.array(Tree);
  },
});
const Shape = z.object({ kind: z.literal('circle'), r: z.number() });

const open = new Map<string, () => void>();

/** Opens a gate, whether or not a tool is already waiting at it. */
export function release(gate: string): void {
  const waiting = open.get(gate);
  if (waiting) waiting();
  else open.set(gate, () => undefined);
}

/** Waits until a test releases the gate. */
export async function reached(gate: string, signal: AbortSignal): Promise<void> {
  if (open.has(gate)) return;
  await new Promise<void>((resolve, reject) => {
    open.set(gate, resolve);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** The value each gated tool returns, by tool name. There is one tool for each kind of output schema. */
export const returned = {
  object: { name: 'a', size: 1 },
  tree: { name: 'root', children: [{ name: 'leaf', children: [] }] },
  union: { kind: 'circle', r: 1 },
  text: 'some text',
  mixed: { n: 1 },
  'no-schema': { free: true },
} as const;

const schemas = {
  object: z.object({ name: z.string(), size: z.number() }),
  tree: Tree,
  union: z.discriminatedUnion('kind', [Shape, z.object({ kind: z.literal('square'), a: z.number() })]),
  text: z.string(),
  mixed: z.union([z.string(), z.object({ n: z.number() })]),
  'no-schema': undefined,
};

function gated(name: keyof typeof returned, options: Partial<DurableTool> = {}): DurableTool {
  const outputSchema = schemas[name];
  const tool = defineTool({
    name,
    inputSchema: z.object({ gate: z.string(), fail: z.boolean().default(false) }),
    ...(outputSchema ? { outputSchema } : {}),
    async run({ gate, fail }, ctx) {
      await reached(gate, ctx.signal);
      if (fail) throw new ToolError('it went wrong');
      // Each one fits its own schema, which the compiler cannot see here.
      return returned[name] as unknown as ToolResult;
    },
  });
  return { ...tool, ...options };
}

export const gatedTools = (Object.keys(returned) as (keyof typeof returned)[]).map((name) => gated(name));
/** The tool `object` under other names, with other options. */
export const patient = gated('object', { name: 'patient', fallback: 'await' });
export const required = gated('object', { name: 'required', taskSupport: 'required' });
export const forbidden = gated('object', { name: 'forbidden', taskSupport: 'forbidden' });
