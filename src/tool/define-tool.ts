/** `defineTool`: what a tool is, in a module that the server and the worker both load. @module */
import type { Duration } from '../task/duration.js';
import type { StepContext } from '../task/step-context.js';
import { McpTasksError } from '../task/errors.js';
import type { FormRequest } from '../task/form.js';
import type { InputKind } from '../task/input.js';
import type { WorkflowMapping } from '../task/workflow-mapping.js';
import type { ToolRetry, ToolTimeouts } from './policy.js';
import type { SchemaOutput, ToolSchema } from './schema.js';

/** What a function tool sees of its task. */
export interface ToolContext<Checkpoint = unknown> extends StepContext<Checkpoint> {
  /** What the person filled in before the start, where the tool's `beforeStart` asked. */
  readonly answer?: Readonly<Record<string, unknown>>;
}

/** MCP's tool annotations (hints for the host). */
export interface ToolHints {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

interface ToolBase<I extends ToolSchema, O extends ToolSchema> {
  /** The tool's name, unique on its server: 1 to 128 characters of `A-Z a-z 0-9 _ - .` */
  readonly name: string;
  /** A name for people. */
  readonly title?: string;
  /** What the tool does, for the model. */
  readonly description?: string;
  /** The arguments: zod 4, or any Standard Schema with JSON Schema. Checked before anything starts. */
  readonly inputSchema: I;
  /** The result's `structuredContent`. A result that does not fit it is a tool error. */
  readonly outputSchema?: O;
  readonly annotations?: ToolHints;
  /**
   * Whether a call may become a task (MCP's `execution.taskSupport`). `'required'` refuses clients that do not speak tasks,
   * `'forbidden'` always awaits the result within the call. Either way the work is a workflow.
   * @default 'optional'
   */
  readonly taskSupport?: 'optional' | 'required' | 'forbidden';
  /**
   * What a client that does not speak tasks gets when the work outlasts the server's budget: `'await'` keeps it waiting,
   * `'handle'` answers with the task's handle and how to go on. Only where `taskSupport` is `'optional'`. @default the server's
   */
  readonly fallback?: 'await' | 'handle';
  /**
   * Asks a person before anything starts, where it returns a form. Only once they have accepted it the work begins, with what
   * they filled in: a function tool's `ctx.answer`, a workflow's second argument. A declined call ends with a tool error.
   * In protocol 2026-07-28 nothing exists before the answer; in 2025-11-25 the task itself asks, before its work.
   */
  readonly beforeStart?: (args: SchemaOutput<I>) => FormRequest | undefined | Promise<FormRequest | undefined>;
  /**
   * What the host may tell its model at once while the task runs: `model-immediate-response` of protocol 2025-11-25.
   * @default nothing: the host says what it likes
   */
  readonly immediateResponse?: string;
  /** How long a finished task stays readable, from its creation, where the client does not say. @default the server's */
  readonly ttl?: Duration | null;
  /** The Temporal task queue whose workers do the work. @default the server's, 'mcp-tasks' */
  readonly taskQueue?: string;
  readonly timeouts?: ToolTimeouts;
  /**
   * Names the work that these (validated) arguments ask for: while the owner's task of the same name runs, or has succeeded
   * and is kept, a call gives that task instead of starting another; with other arguments it is refused. A task that failed or
   * was cancelled gives way to a new one. `undefined`: every call is a new task. A key that the client sends goes before it.
   */
  idempotencyKey?(args: SchemaOutput<I>): string | undefined;
}

export interface FunctionToolOptions<I extends ToolSchema, O extends ToolSchema, Checkpoint> extends ToolBase<I, O> {
  /**
   * The work: runs as a retried, heartbeating activity, at least once. Returns a `CallToolResult`, or a plain value, which
   * becomes `structuredContent` and text. Throw a `ToolError` to end with a tool error at once, a `TaskError` for a JSON-RPC
   * error; any other error is retried first.
   */
  run(args: SchemaOutput<I>, ctx: ToolContext<Checkpoint>): Promise<unknown>;
  readonly retry?: ToolRetry;
}

export interface WorkflowToolOptions<I extends ToolSchema, O extends ToolSchema> extends ToolBase<I, O> {
  /**
   * What the workflow may ask of the client (`task.elicit`, `task.elicitUrl`, `task.sample`). A caller whose client has not
   * declared that it can answer is refused before anything starts. @default nothing
   */
  readonly asks?: readonly InputKind[];
  /** A workflow of your own that takes the validated arguments: its function, or its type's name. */
  readonly workflow: string | ((args: SchemaOutput<I>) => Promise<unknown>);
}

/** A tool, ready for a server and a worker. Made by {@link defineTool}. */
export interface DurableTool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: ToolSchema;
  readonly outputSchema?: ToolSchema;
  readonly annotations?: ToolHints;
  readonly immediateResponse?: string;
  readonly taskSupport: 'optional' | 'required' | 'forbidden';
  readonly fallback?: 'await' | 'handle';
  readonly ttl?: Duration | null;
  readonly taskQueue?: string;
  /** The Temporal namespace of its workers. @default the server's */
  readonly namespace?: string;
  readonly timeouts?: ToolTimeouts;
  /** Of a function tool's step; of an existing workflow its own retry policy. */
  readonly retry?: ToolRetry;
  readonly asks?: readonly InputKind[];
  readonly idempotencyKey?: (args: never) => string | undefined;
  readonly beforeStart?: (args: never) => FormRequest | undefined | Promise<FormRequest | undefined>;
  readonly work:
    | { readonly kind: 'function'; readonly run: (args: never, ctx: ToolContext<never>) => Promise<unknown> }
    | { readonly kind: 'workflow'; readonly workflowType: string; readonly existing?: ExistingWorkflow };
}

/** A workflow that knows nothing of this package, of any language. */
export interface ExistingWorkflow {
  /** Which fields of the tool's arguments are the workflow's, in order. @default one argument, all of them */
  readonly args?: readonly string[];
  readonly mapping: WorkflowMapping;
}

/** What a call of the tool may ask of the client, before its work or during it. */
export function asksOf({ asks = [], beforeStart }: DurableTool): readonly InputKind[] {
  return beforeStart && !asks.includes('elicitation.form') ? [...asks, 'elicitation.form'] : asks;
}

// https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool-names
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * Defines a tool whose every call is a Temporal workflow.
 *
 * @throws McpTasksError `CONFIGURATION` if the name is not a tool name, if not exactly one of `run` and `workflow` is given, or if
 * `taskSupport: 'forbidden'` contradicts another option
 * @example
 * export const resize = defineTool({
 *   name: 'resize',
 *   inputSchema: z.object({ file: z.string(), width: z.number().int().positive() }),
 *   async run({ file, width }, ctx) {
 *     return { file: await resizeImage(file, width, ctx.signal) };
 *   },
 * });
 */
export function defineTool<I extends ToolSchema, O extends ToolSchema = ToolSchema, Checkpoint = unknown>(
  options: FunctionToolOptions<I, O, Checkpoint> | WorkflowToolOptions<I, O>,
): DurableTool {
  const { name } = options;
  if (!TOOL_NAME.test(name)) {
    throw new McpTasksError(
      'CONFIGURATION',
      `"${name}" is not a tool name: use 1 to 128 letters, digits, "_", "-" or "."`,
    );
  }
  const isFunction = 'run' in options;
  if (isFunction === 'workflow' in options) {
    throw new McpTasksError('CONFIGURATION', `tool "${name}" needs either \`run\` or \`workflow\`, and not both`);
  }
  const { taskSupport = 'optional', ...rest } = options;
  if (taskSupport === 'forbidden' && options.fallback === 'handle') {
    throw new McpTasksError(
      'CONFIGURATION',
      `tool "${name}": fallback 'handle' makes a task of a long call, which taskSupport 'forbidden' rules out`,
    );
  }
  if (isFunction) {
    const { run, ...described } = rest as FunctionToolOptions<I, O, Checkpoint>;
    return { ...described, taskSupport, work: { kind: 'function', run } };
  }
  const { workflow, ...described } = rest as WorkflowToolOptions<I, O>;
  if (taskSupport === 'forbidden' && described.asks?.length) {
    throw new McpTasksError(
      'CONFIGURATION',
      `tool "${name}" asks for input, which only a task can: taskSupport must not be 'forbidden'`,
    );
  }
  return { ...described, taskSupport, work: { kind: 'workflow', workflowType: workflowType(name, workflow) } };
}

function workflowType(tool: string, workflow: string | { readonly name: string }): string {
  const type = typeof workflow === 'string' ? workflow : workflow.name;
  if (type) return type;
  throw new McpTasksError(
    'CONFIGURATION',
    `tool "${tool}": its workflow function has no name; export a named function`,
  );
}
