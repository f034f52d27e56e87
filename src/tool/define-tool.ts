/** `defineTool`: defines a tool in a module that both the server and the worker load. @module */
import { McpTasksError } from '../task/errors.js';
import type { FilePart, FileRequest } from '../task/task-file.js';
import type { StepContext } from '../task/step-context.js';
import type { InputKind } from '../task/input.js';
import type { WorkflowMapping } from '../task/workflow-mapping.js';
import { optionProblems } from './check-options.js';
import type { FunctionToolOptions, ToolContext, ToolOptions, WorkflowToolOptions } from './options.js';
import type { ToolSchema } from './schema.js';

type AnyFunctionTool = FunctionToolOptions<ToolSchema, ToolSchema>;
type AnyWorkflowTool = WorkflowToolOptions<ToolSchema, ToolSchema>;

/** A tool, ready for a server and a worker. Created by {@link defineTool}. */
export interface DurableTool
  extends
    ToolOptions<ToolSchema, ToolSchema, never>,
    Pick<AnyWorkflowTool, 'asks'>,
    Pick<AnyFunctionTool, 'retry' | 'expected'> {
  readonly taskSupport: 'optional' | 'required' | 'forbidden';
  /** The Temporal namespace of its workers. @default the server's */
  readonly namespace?: string;
  /** What a call starts: a function, or a workflow of the author's own. */
  readonly work:
    | {
        readonly kind: 'function';
        /** The function, as its author wrote it. */
        readonly run: (args: never, ctx: ToolContext<never>) => Promise<unknown>;
        /** Set if the function runs a program: what belongs to the program besides the function. */
        readonly command?: CommandWork;
      }
    | { readonly kind: 'workflow'; readonly workflowType: string; readonly existing?: ExistingWorkflow };
}

/** What a tool that runs a program does besides running it. The arguments are validated by the tool's schema. */
export interface CommandWork {
  /** Returns the key of the call: tasks with the same key run one at a time. @default tasks do not wait */
  readonly key?: (args: never) => string;
  /** Returns what the program would do, to be shown in the question of {@link question}. Runs on a worker. */
  readonly plan?: (args: never, ctx: StepContext<never>) => Promise<string>;
  /** Returns the question to ask with a plan. Set if there is a plan. */
  readonly question?: (args: never) => string;
  /** Runs after the program of a cancelled task has ended. */
  readonly cleanup?: (args: never, ctx: StepContext<never>) => Promise<void>;
  /** Reads a part of a file of one of the tool's tasks, on the worker that has it. */
  readonly read: (request: FileRequest) => Promise<FilePart>;
}

/** A workflow, in any language, that knows nothing about this package. */
export interface ExistingWorkflow {
  /** The fields of the tool's arguments to pass to the workflow, in order. @default all of them, as one argument */
  readonly args?: readonly string[];
  readonly mapping: WorkflowMapping;
}

/** Returns the kinds of input that a call of the tool may ask of the client, before or during its work. */
export function asksOf({ asks = [], beforeStart }: DurableTool): readonly InputKind[] {
  return beforeStart && !asks.includes('elicitation.form') ? [...asks, 'elicitation.form'] : asks;
}

/**
 * Defines a tool whose every call is a Temporal workflow.
 *
 * @throws McpTasksError `CONFIGURATION` if an option is unknown or has a wrong value, if not exactly one of `run` and
 * `workflow` is given, or if two options contradict each other. The message lists every problem.
 * @example
 * export const resize = defineTool({
 *   name: 'resize',
 *   inputSchema: z.object({ file: z.string(), width: z.number().int().positive() }),
 *   outputSchema: z.object({ file: z.string() }),
 *   async run({ file, width }, ctx) {
 *     return { file: await resizeImage(file, width, ctx.signal) };
 *   },
 * });
 */
export function defineTool<I extends ToolSchema, O extends ToolSchema = ToolSchema, Checkpoint = unknown>(
  options: FunctionToolOptions<I, O, Checkpoint> | WorkflowToolOptions<I, O>,
): DurableTool {
  const problems = optionProblems(options);
  if (problems.length > 0) throw new McpTasksError('CONFIGURATION', problems.join('\n'));
  const { taskSupport = 'optional', run, workflow, ...described } = options;
  const work: DurableTool['work'] = run
    ? { kind: 'function', run }
    : { kind: 'workflow', workflowType: typeof workflow === 'string' ? workflow : workflow.name };
  return { ...described, taskSupport, work };
}
