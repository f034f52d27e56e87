/** Checks on a gateway file that its schema cannot express: whether its parts fit together. Pure. @module */
import { milliseconds } from '../task/duration.js';
import { fieldsOf } from '../task/template.js';
import type { JsonSchema } from '../tool/json-schema.js';
import { COMMAND_FIELDS } from './command-config.js';
import type { ConnectionConfig, GatewayConfig, ToolConfig } from './config.js';
import { specProblems } from '../command/check-spec.js';
import { specOf } from './commands.js';
import type { Explained } from './explain.js';
import type { Path } from './problem.js';
import { schemaProblems } from './schema-checks.js';

type InputConfig = NonNullable<ToolConfig['inputs']>[string];

/** Something that must not be in a configuration. */
interface Rule<T> {
  readonly broken: (value: T) => boolean;
  /** The place of the problem, relative to the value. */
  readonly at: Path;
  readonly message: string | ((value: T) => string);
}

/** A tool in its file. */
interface ToolInFile {
  readonly tool: ToolConfig;
  readonly index: number;
  readonly config: GatewayConfig;
}

/** A question of a tool. */
interface InputOfTool {
  readonly input: InputConfig;
  readonly tool: ToolConfig;
}

/** Keywords that let a schema have properties not listed in its `properties`. */
const MORE_PROPERTIES = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'patternProperties', 'dependentSchemas'];
/** The longest delay of a Node timer, in milliseconds; a longer one fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The fields that only tools with a workflow have. */
const WORKFLOW_FIELDS = ['args', 'output', 'status', 'inputs', 'stackTraces'];

const FILE_RULES: readonly Rule<GatewayConfig>[] = [
  {
    broken: ({ handleAfter }) => handleAfter !== undefined && milliseconds(handleAfter, 'handleAfter') > LONGEST_TIMER,
    at: ['handleAfter'],
    message: 'handleAfter: must be at most 24 days',
  },
];

const CONNECTION_RULES: readonly Rule<Partial<ConnectionConfig>>[] = [
  {
    broken: ({ tls }) => typeof tls === 'object' && (tls.cert === undefined) !== (tls.key === undefined),
    at: ['tls'],
    message: '`cert` and `key` go together: set both',
  },
];

const TOOL_RULES: readonly Rule<ToolInFile>[] = [
  {
    broken: ({ tool, index, config }) => config.tools.findIndex(({ name }) => name === tool.name) < index,
    at: ['name'],
    message: ({ tool }) => `two tools are named "${tool.name}": rename one of them`,
  },
  {
    broken: ({ tool }) => tool.workflow !== undefined && tool.command !== undefined,
    at: ['command'],
    message: ({ tool }) => `tool "${tool.name}" has \`workflow\` and \`command\`: remove one of them`,
  },
  {
    broken: ({ tool }) => misplaced(tool).length > 0,
    at: [],
    message: ({ tool }) =>
      `tool "${tool.name}": ${tool.command ? 'a tool with `command` does not have' : 'only a tool with `command` has'} ${misplaced(tool).join(', ')}`,
  },
  {
    broken: ({ tool, config }) => tool.workflow !== undefined && (tool.taskQueue ?? config.taskQueue) === undefined,
    at: [],
    message: ({ tool }) => `tool "${tool.name}" has no task queue: set \`taskQueue\` here or at the top of the file`,
  },
  {
    broken: ({ tool }) => tool.inputs !== undefined && tool.taskSupport === 'forbidden',
    at: ['taskSupport'],
    message: '`inputs` needs tasks: set `taskSupport` to optional or required, or remove `inputs`',
  },
  {
    broken: ({ tool }) => tool.fallback === 'handle' && tool.taskSupport === 'forbidden',
    at: ['fallback'],
    message: '`fallback: handle` needs tasks: set `fallback` to await, or remove `taskSupport`',
  },
];

const INPUT_RULES: readonly Rule<InputOfTool>[] = [
  {
    broken: ({ input, tool }) => input.query === undefined && tool.status === undefined,
    at: [],
    message: 'no query shows whether this question is open: set `query` here or under `status`',
  },
];

const IDEMPOTENCY_KEY_RULES: readonly Rule<ToolConfig>[] = [
  {
    broken: ({ idempotencyKey }) => typeof idempotencyKey === 'string' && fieldsOf(idempotencyKey).length === 0,
    at: ['idempotencyKey'],
    message: 'without a {field}, all calls share one key: include the fields that distinguish them',
  },
];

/** Finds tools that do nothing, also in a file that is invalid otherwise. */
export function workProblems(input: unknown): Explained[] {
  const { tools } = (typeof input === 'object' && input !== null ? input : {}) as { tools?: unknown };
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool: unknown, index): Explained[] => {
    if (typeof tool !== 'object' || tool === null || Array.isArray(tool)) return [];
    if ('workflow' in tool || 'command' in tool) return [];
    return [
      {
        path: ['tools', index, 'workflow'],
        message: '"workflow" is missing (workflow: The workflow type). To run a program instead, set `command`',
      },
    ];
  });
}

export function checks(config: GatewayConfig): Explained[] {
  const { temporal = {}, namespaces = {}, tools } = config;
  return [
    ...workProblems(config),
    ...apply(CONNECTION_RULES, temporal, ['temporal']),
    ...Object.entries(namespaces).flatMap(([name, connection]) =>
      apply(CONNECTION_RULES, connection, ['namespaces', name]),
    ),
    ...apply(FILE_RULES, config, []),
    ...tools.flatMap((tool, index) => toolProblems({ tool, index, config }, ['tools', index])),
  ];
}

/**
 * Finds what is wrong with a tool's input schema, and with the arguments that the tool names elsewhere.
 * @param schema the tool's input schema, from the gateway file or from a file of its own
 */
export function inputSchemaProblems(tool: ToolConfig, schema: JsonSchema, path: Path): Explained[] {
  if (!isObjectSchema(schema))
    return [
      { path: [...path, 'input'], message: 'arguments are always an object: write `type: object`, or omit `type`' },
    ];
  const { args = [], idempotencyKey = [], confirm } = tool;
  const named: Readonly<Record<string, readonly string[]>> = {
    args,
    idempotencyKey: typeof idempotencyKey === 'string' ? fieldsOf(idempotencyKey) : idempotencyKey,
    confirm: typeof confirm === 'string' ? fieldsOf(confirm) : [],
  };
  const spec = specOf(tool);
  const known = closedProperties(schema);
  return [
    ...(spec ? specProblems(spec, known) : []).map(({ path: at, message }) => ({
      path: [
        ...path,
        ...at.map((part) => (part === 'question' ? 'confirm' : /^\d+$/.test(part) ? Number(part) : part)),
      ],
      message,
    })),
    ...Object.entries(named).flatMap(([key, names]) =>
      unknownNames(names, schema, { what: 'an argument of this tool', listedIn: '`input.properties`' }).map(
        (message) => ({ path: [...path, key], message }),
      ),
    ),
    ...apply(IDEMPOTENCY_KEY_RULES, tool, path),
  ];
}

function toolProblems(toolInFile: ToolInFile, path: Path): Explained[] {
  const { tool } = toolInFile;
  return [
    ...apply(TOOL_RULES, toolInFile, path),
    ...Object.entries(tool.inputs ?? {}).flatMap(([name, input]) =>
      inputProblems({ input, tool }, [...path, 'inputs', name]),
    ),
  ];
}

function inputProblems(inputOfTool: InputOfTool, path: Path): Explained[] {
  const { schema, args = [] } = inputOfTool.input;
  return [
    ...apply(INPUT_RULES, inputOfTool, path),
    ...formProblems(schema).map((problem) => ({ ...problem, path: [...path, 'schema', ...problem.path] })),
    ...unknownNames(args, schema, { what: 'a field of the answer', listedIn: '`schema.properties`' }).map(
      (message) => ({ path: [...path, 'args'], message }),
    ),
  ];
}

/**
 * Finds what an MCP form cannot express: forms are flat.
 * https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#requested-schema
 */
function formProblems(schema: JsonSchema): Explained[] {
  const problems = schemaProblems(schema);
  if (problems.length > 0) return problems;
  if (!isObjectSchema(schema))
    return [{ path: ['type'], message: 'an answer is always an object: write `type: object`, or omit `type`' }];
  const { properties = {} } = schema as { properties?: Readonly<Record<string, { readonly type?: unknown }>> };
  return Object.entries(properties)
    .filter(([, { type }]) => type === 'object')
    .map(([name]) => ({
      path: ['properties', name],
      message: `forms are flat, so "${name}" cannot be an object: use a property for each of its fields`,
    }));
}

/** Returns a message for each name that is not a property of the schema. */
function unknownNames(
  names: readonly string[],
  schema: JsonSchema,
  { what, listedIn }: { readonly what: string; readonly listedIn: string },
): string[] {
  const known = closedProperties(schema);
  if (!known) return [];
  const help = known.length > 0 ? `; those are: ${known.join(', ')}` : `: add it to ${listedIn}`;
  return names.filter((name) => !known.includes(name)).map((name) => `"${name}" is not ${what}${help}`);
}

/** Returns the names of a schema's properties; `undefined` if there may be others. */
function closedProperties(schema: JsonSchema): string[] | undefined {
  const { properties = {}, additionalProperties = false } = schema;
  const mayHaveOthers = additionalProperties !== false || MORE_PROPERTIES.some((keyword) => keyword in schema);
  return mayHaveOthers ? undefined : Object.keys(properties as object);
}

/** Returns the keys of a tool that belong to the other kind of tool. */
function misplaced(tool: ToolConfig): string[] {
  if (!tool.command === !tool.workflow) return [];
  const { startToClose, heartbeat } = tool.timeouts ?? {};
  const ofPrograms = [...COMMAND_FIELDS, ...(startToClose || heartbeat ? ['timeouts'] : [])];
  const others = tool.command ? WORKFLOW_FIELDS : ofPrograms;
  return others.filter((name) => tool[name as keyof ToolConfig] !== undefined);
}

/** Returns a problem for each rule that the value breaks. */
function apply<T>(rules: readonly Rule<T>[], value: T, path: Path): Explained[] {
  return rules
    .filter(({ broken }) => broken(value))
    .map(({ at, message }) => ({
      path: [...path, ...at],
      message: typeof message === 'string' ? message : message(value),
    }));
}

function isObjectSchema({ type = 'object' }: JsonSchema): boolean {
  return type === 'object';
}
