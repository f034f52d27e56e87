/** `defineCommand`: makes any program a durable tool. @module */
import { resolve } from 'node:path';
import { McpTasksError } from '../task/errors.js';
import { defineTool, type CommandWork, type DurableTool } from '../tool/define-tool.js';
import type { ToolOptions } from '../tool/options.js';
import type { ToolSchema } from '../tool/schema.js';
import type { CallArguments } from './arguments.js';
import { specProblems } from './check-spec.js';
import type { CommandTool } from './command-tool.js';
import { fillPlaceholders } from './placeholders.js';
import type { CommandSpec } from './spec.js';

/** The options of {@link defineCommand}. */
export interface CommandOptions<I extends ToolSchema = ToolSchema>
  extends
    CommandSpec,
    Pick<
      ToolOptions<I, ToolSchema>,
      | 'name'
      | 'title'
      | 'description'
      | 'inputSchema'
      | 'annotations'
      | 'taskSupport'
      | 'fallback'
      | 'beforeStart'
      | 'immediateResponse'
      | 'ttl'
      | 'onTtl'
      | 'taskQueue'
      | 'idempotencyKey'
    > {
  /** The folder that a relative `cwd` is relative to. @default the working directory of the worker */
  readonly base?: string;
  /** The folder for logs and records. Workers on the same host share it. @default '.mcp-tasks/commands' */
  readonly dir?: string;
}

/** Keywords that let a schema have properties not listed in its `properties`. */
const MORE_PROPERTIES = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'patternProperties', 'dependentSchemas'];

/**
 * Makes a program a durable tool: each call is a workflow that runs the program, follows its progress, and runs it again
 * where it stopped if its worker is lost. There is never a shell, and never a second instance.
 *
 * Needs a worker on Linux or macOS.
 *
 * @throws McpTasksError `CONFIGURATION` with everything that is wrong with the options
 * @example
 * export const build = defineCommand({
 *   name: 'build_models',
 *   inputSchema: z.object({ select: z.string().optional() }),
 *   command: ['dbt', 'build', '--select', '{select}', '--log-format', 'json'],
 *   resume: ['dbt', 'retry', '--log-format', 'json'],
 *   cwd: './warehouse',
 *   progress: { json: { current: 'data.index', total: 'data.total', message: 'data.description' } },
 *   exit: { partial: [1], permanent: [2] },
 *   key: '{cwd}',
 * });
 */
export function defineCommand<I extends ToolSchema>(options: CommandOptions<I>): DurableTool {
  const { base = '.', dir = '.mcp-tasks/commands', ...rest } = options;
  const { described, spec } = split(rest);
  const problems = specProblems(spec, argumentsOf(options.inputSchema));
  if (problems.length > 0)
    throw new McpTasksError(
      'CONFIGURATION',
      problems.map(({ path, message }) => `tool "${options.name}": ${path.join('.')}: ${message}`).join('\n'),
    );
  const tool: CommandTool = { name: options.name, spec, places: { base: resolve(base), dir: resolve(dir) } };
  const { retry, timeouts } = spec;
  const defined = defineTool({
    ...described,
    ...(retry ? { retry } : {}),
    timeouts: { heartbeat: '1 minute', ...timeouts },
    // Only workers need this code: a server loads just the definitions.
    run: async (args: CallArguments, ctx) => (await import('./run.js')).runCommand(tool, args, ctx),
  } as Parameters<typeof defineTool>[0]);
  return {
    ...defined,
    ...(spec.plan ? { asks: ['elicitation.form'] as const } : {}),
    work: { ...(defined.work as DurableTool['work'] & { kind: 'function' }), command: workOf(tool) },
  };
}

function workOf(tool: CommandTool): CommandWork {
  const { key, plan, question, cleanup, cwd = '.' } = tool.spec;
  const fill = (text: string, args: CallArguments): string =>
    fillPlaceholders(text, (name) => {
      const value = Object.hasOwn(args, name) ? args[name] : name === 'cwd' ? cwd : '';
      return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    });
  return {
    read: async (request) => await (await import('./read-file.js')).readTaskFile(tool, request),
    ...(key === undefined ? {} : { key: (args: CallArguments) => fill(key, args) }),
    ...(plan
      ? {
          question: (args: CallArguments) => fill(question ?? `Start ${tool.name}? This is its plan:`, args),
          plan: async (args: CallArguments, ctx) => await (await import('./around.js')).planOutput(tool, args, ctx),
        }
      : {}),
    ...(cleanup
      ? { cleanup: async (args: CallArguments, ctx) => await (await import('./around.js')).runCleanup(tool, args, ctx) }
      : {}),
  };
}

const SPEC_OPTIONS: Readonly<Record<keyof CommandSpec, true>> = {
  command: true,
  resume: true,
  resumeIf: true,
  cleanup: true,
  plan: true,
  question: true,
  cwd: true,
  env: true,
  progress: true,
  exit: true,
  stop: true,
  outputs: true,
  result: true,
  key: true,
  log: true,
  retry: true,
  timeouts: true,
};

/** Separates what the program is from how the tool is listed. `defineTool` refuses options that it does not know. */
function split(options: object): { described: object; spec: CommandSpec } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  const isSpec = ([name]: readonly [string, unknown]): boolean => Object.hasOwn(SPEC_OPTIONS, name);
  return {
    described: Object.fromEntries(entries.filter((entry) => !isSpec(entry))),
    spec: Object.fromEntries(entries.filter(isSpec)) as unknown as CommandSpec,
  };
}

/** Returns the names of a schema's properties; `undefined` if it allows others. */
function argumentsOf(schema: ToolSchema | undefined): string[] | undefined {
  if (!schema?.['~standard']) return undefined;
  const json = schema['~standard'].jsonSchema.input({ target: 'draft-2020-12' });
  const { properties = {}, additionalProperties = false } = json as {
    properties?: object;
    additionalProperties?: unknown;
  };
  if (additionalProperties !== false || MORE_PROPERTIES.some((keyword) => keyword in json)) return undefined;
  return Object.keys(properties);
}
