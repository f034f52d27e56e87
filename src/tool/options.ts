/** The options of `defineTool`. @module */
import type { Duration } from '../task/duration.js';
import type { StepContext } from '../task/step-context.js';
import type { FormRequest } from '../task/form.js';
import type { InputKind } from '../task/input.js';
import type { ToolResult } from '../task/result.js';
import type { ToolRetry, ToolTimeouts } from './policy.js';
import type { SchemaOutput, ToolSchema } from './schema.js';

/** A function tool's view of its task, which `run` gets as its second argument. */
export interface ToolContext<Checkpoint = unknown> extends StepContext<Checkpoint> {
  /** What the person filled in before the start, if the tool's `beforeStart` asked. */
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

/** The size above which a result is linked, and how much of it to show. */
export interface LargeResult {
  /** The length of a result's text above which it is linked, in characters. @default 20,000 */
  readonly above?: number;
  /** The length of the preview, in characters. @default 2,000 */
  readonly preview?: number;
}

/**
 * The options that function tools and workflow tools share.
 *
 * @typeParam Args the arguments as `inputSchema` parses them
 */
export interface ToolOptions<I extends ToolSchema, O extends ToolSchema, Args = SchemaOutput<I>> {
  /** The tool's name, unique on its server: 1 to 128 characters of `A-Z a-z 0-9 _ - .` */
  readonly name: string;
  /** A display name for people. */
  readonly title?: string;
  /** What the tool does, for the model. */
  readonly description?: string;
  /** Schema of the arguments: zod 4, or any Standard Schema with JSON Schema. Checked before anything starts. */
  readonly inputSchema: I;
  /**
   * Schema of the result's `structuredContent`. The type of what `run` or `workflow` may return follows from it, and a
   * result that does not match it is a tool error. The schema only checks: it neither fills in defaults nor transforms.
   */
  readonly outputSchema?: O;
  /**
   * Returns a preview and a link (MCP's `resource_link`) if the text of a result is too long for a model's context. The
   * task's owner reads the rest as a resource, whole or in parts. Cannot be combined with `outputSchema`, because such
   * an answer has no structured content.
   * @default the whole result is returned
   */
  readonly largeResult?: LargeResult;
  /** Hints for the host, such as whether the tool only reads. */
  readonly annotations?: ToolHints;
  /**
   * Whether a call may become a task (MCP's `execution.taskSupport`). `'required'` refuses clients without task
   * support; `'forbidden'` always waits for the result within the call. In every case the work is a workflow.
   * @default 'optional'
   */
  readonly taskSupport?: 'optional' | 'required' | 'forbidden';
  /**
   * What a client without task support gets when the work outlasts the server's `handleAfter`: `'await'` keeps it
   * waiting, `'handle'` answers with the task's handle and instructions for following up. Only applies if `taskSupport`
   * is `'optional'`.
   * @default the server's
   */
  readonly fallback?: 'await' | 'handle';
  /**
   * Asks a person before anything starts, if it returns a form. The work begins only once they accept, and receives
   * what they filled in: as `ctx.answer` in a function tool, as the second argument of a workflow. If they decline, the
   * call ends with a tool error. In protocol 2026-07-28 nothing exists before the answer; in 2025-11-25 the task itself
   * asks, before its work.
   */
  readonly beforeStart?: (args: Args) => FormRequest | undefined | Promise<FormRequest | undefined>;
  /**
   * What the host may tell its model right away while the task runs: `model-immediate-response` of protocol 2025-11-25.
   * @default none: the host decides what to say
   */
  readonly immediateResponse?: string;
  /**
   * How long a finished task stays readable, counted from its creation, if the client does not say.
   * @default the server's
   */
  readonly ttl?: Duration | null;
  /**
   * What happens to a task that is still running when its ttl passes. `'keep'` lets it finish; `'cancel'` cancels it,
   * with the usual clean-up.
   * @default the server's, 'keep'
   */
  readonly onTtl?: 'keep' | 'cancel';
  /** The Temporal task queue whose workers do the work. @default the server's, 'mcp-tasks' */
  readonly taskQueue?: string;
  /** How long the work may take. @default see {@link ToolTimeouts} */
  readonly timeouts?: ToolTimeouts;
  /**
   * Returns a key for the work that these (validated) arguments ask for. While the owner's task with the same key is
   * running, or has succeeded and is kept, a call returns that task instead of starting another; with other arguments
   * it is refused. A task that failed or was cancelled is replaced by a new one. With `undefined` every call starts a
   * new task. A key sent by the client takes precedence.
   */
  readonly idempotencyKey?: (args: Args) => string | undefined;
}

/** What a tool's work may return: what its `outputSchema` describes, or a whole `CallToolResult`. */
export type ToolOutput<O extends ToolSchema> = Immutable<SchemaOutput<O>> | ToolResult;

/** Accepts readonly arrays too, wherever the schema has arrays: a result is only read. */
type Immutable<T> = unknown extends T ? T : { readonly [Key in keyof T]: Immutable<T[Key]> };

/** A tool whose work is a function. */
export interface FunctionToolOptions<
  I extends ToolSchema,
  O extends ToolSchema,
  Checkpoint = unknown,
> extends ToolOptions<I, O> {
  /**
   * Does the work. Runs as a retried, heartbeating activity, at least once. Returns a `CallToolResult`, or a plain
   * value, which becomes `structuredContent` and text. Throw a `ToolError` to end with a tool error at once, or a
   * `TaskError` for a JSON-RPC error. Programming and validation errors such as `TypeError` or `ZodError` are not
   * retried either; all other errors are.
   */
  run(args: SchemaOutput<I>, ctx: ToolContext<Checkpoint>): Promise<ToolOutput<O>>;
  /** How failed attempts of `run` are retried. @default see {@link ToolRetry} */
  readonly retry?: ToolRetry;
  /**
   * How long `run` usually takes. `'seconds'` makes a task cheaper and faster: `run` begins as a local activity, inside
   * the workflow task, so Temporal stores 6 history events instead of 11. After 2 seconds, `ctx.signal` is aborted.
   * Once `run` has settled, a normal activity continues from the last checkpoint, unless `run` has returned a result.
   * Such a `run` must end when `ctx.signal` is aborted: if it is still running after `timeouts.startToClose` (at least 5
   * seconds, at most 10 minutes), the task fails.
   * @default a normal activity from the start
   */
  readonly expected?: 'seconds';
  readonly workflow?: never;
}

/** A tool whose work is a workflow of your own. */
export interface WorkflowToolOptions<I extends ToolSchema, O extends ToolSchema> extends ToolOptions<I, O> {
  /**
   * What the workflow may ask of the client (`task.elicit`, `task.elicitUrl`, `task.sample`). The server refuses calls
   * from clients that have not declared support for it, before anything starts.
   * @default nothing
   */
  readonly asks?: readonly InputKind[];
  /**
   * Your own workflow: its function, or the name of its type. Takes the validated arguments and, if `beforeStart` asks,
   * what the person filled in.
   */
  readonly workflow:
    string | ((args: SchemaOutput<I>, answer: Readonly<Record<string, unknown>>) => Promise<ToolOutput<O>>);
  readonly run?: never;
}
