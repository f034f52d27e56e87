/** Checks on a gateway file that its schema cannot express: whether its parts fit together. Pure. @module */
import { fieldsOf } from '../task/template.js';
import type { JsonSchema } from '../tool/json-schema.js';
import type { ConnectionConfig, GatewayConfig, ToolConfig } from './config.js';
import type { Explained } from './explain.js';
import type { Path } from './problem.js';
import { schemaProblems } from './schema-checks.js';
import { msToNumber } from '../temporal/seam.js';

/** Keywords that let a schema have properties not listed in its `properties`. */
const MORE_PROPERTIES = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'patternProperties', 'dependentSchemas'];
/** The longest delay of a Node timer, in milliseconds; a longer one fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export function checks(config: GatewayConfig): Explained[] {
  const names = config.tools.map(({ name }) => name);
  const tools = config.tools.flatMap((tool, index) => {
    const path: Path = ['tools', index];
    const first = names.indexOf(tool.name);
    return [
      ...(first < index
        ? [{ path: [...path, 'name'], message: `two tools are named "${tool.name}": give each its own name` }]
        : []),
      ...((tool.taskQueue ?? config.taskQueue)
        ? []
        : [
            {
              path,
              message: `tool "${tool.name}" has no task queue: write \`taskQueue\`, here or at the top of the file`,
            },
          ]),
      ...(tool.inputs && tool.taskSupport === 'forbidden'
        ? [
            {
              path: [...path, 'taskSupport'],
              message: 'only a task can ask: leave `inputs` out, or write optional or required',
            },
          ]
        : []),
      ...(tool.fallback === 'handle' && tool.taskSupport === 'forbidden'
        ? [
            {
              path: [...path, 'fallback'],
              message: 'a handle is that of a task: write await, or leave `taskSupport` out',
            },
          ]
        : []),
      ...inputProblems(tool, path),
    ];
  });
  return [...connectionProblems(config), ...budgetProblems(config), ...tools];
}

/**
 * Finds what is wrong with a tool's input schema, and with the arguments that the tool names elsewhere.
 * @param schema the tool's input schema, from the gateway file or from a file of its own
 */
export function inputSchemaProblems(tool: ToolConfig, schema: JsonSchema, path: Path): Explained[] {
  const { type = 'object' } = schema;
  if (type !== 'object')
    return [
      { path: [...path, 'input'], message: `arguments are an object: write \`type: object\`, or leave the type out` },
    ];
  const { args = [], idempotencyKey = [], confirm } = tool;
  const unknown = (names: readonly string[], key: string): Explained[] =>
    notIn(schema, names, 'an argument of this tool', '`input` / `properties`').map((message) => ({
      path: [...path, key],
      message,
    }));
  return [
    ...unknown(args, 'args'),
    ...unknown(typeof idempotencyKey === 'string' ? fieldsOf(idempotencyKey) : idempotencyKey, 'idempotencyKey'),
    ...unknown(typeof confirm === 'string' ? fieldsOf(confirm) : [], 'confirm'),
    ...(typeof idempotencyKey === 'string' && fieldsOf(idempotencyKey).length === 0
      ? [
          {
            path: [...path, 'idempotencyKey'],
            message: 'a text without a {field} makes all calls one: name the fields that tell them apart',
          },
        ]
      : []),
  ];
}

function inputProblems({ inputs = {}, status }: ToolConfig, path: Path): Explained[] {
  return Object.entries(inputs).flatMap(([name, { query, schema, args = [] }]) => {
    const at = [...path, 'inputs', name];
    return [
      ...((query ?? status)
        ? []
        : [
            {
              path: at,
              message: 'say which query tells whether the question is open: write `query`, here or under `status`',
            },
          ]),
      ...formProblems(schema).map((problem) => ({ ...problem, path: [...at, 'schema', ...problem.path] })),
      ...notIn(schema, args, 'a field of the answer', '`schema` / `properties`').map((message) => ({
        path: [...at, 'args'],
        message,
      })),
    ];
  });
}

/**
 * Finds what an MCP form cannot express: forms are flat.
 * https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#requested-schema
 */
function formProblems(schema: JsonSchema): Explained[] {
  const problems = schemaProblems(schema);
  if (problems.length > 0) return problems;
  const { type = 'object', properties = {} } = schema as {
    type?: unknown;
    properties?: Record<string, { type?: unknown }>;
  };
  if (type !== 'object')
    return [{ path: ['type'], message: 'an answer is an object: write `type: object`, or leave the type out' }];
  return Object.entries(properties).flatMap(([name, property]) =>
    property.type === 'object'
      ? [{ path: ['properties', name], message: `a form is flat: "${name}" cannot be an object` }]
      : [],
  );
}

/** Returns a message for each name that is not a property of the schema. */
function notIn(schema: JsonSchema, names: readonly string[], what: string, where: string): string[] {
  const { properties = {}, additionalProperties = false } = schema;
  if (additionalProperties !== false || MORE_PROPERTIES.some((keyword) => keyword in schema)) return [];
  const known = Object.keys(properties as object);
  return names
    .filter((name) => !known.includes(name))
    .map(
      (name) =>
        `"${name}" is not ${what}${known.length > 0 ? `; those are: ${known.join(', ')}` : `: list it under ${where}`}`,
    );
}

function connectionProblems({ temporal, namespaces = {} }: GatewayConfig): Explained[] {
  const connections: (readonly [Path, Partial<ConnectionConfig> | undefined])[] = [
    [['temporal'], temporal],
    ...Object.entries(namespaces).map(([name, connection]) => [['namespaces', name], connection] as const),
  ];
  return connections.flatMap(([path, connection]) => {
    const { tls } = connection ?? {};
    const isHalf = typeof tls === 'object' && (tls.cert === undefined) !== (tls.key === undefined);
    return isHalf ? [{ path: [...path, 'tls'], message: '`cert` and `key` go together: write both' }] : [];
  });
}

function budgetProblems({ handleAfter }: GatewayConfig): Explained[] {
  const budget = handleAfter === undefined ? 1 : msToNumber(handleAfter);
  return budget > 0 && budget <= LONGEST_TIMER
    ? []
    : [{ path: ['handleAfter'], message: 'it has to be longer than nothing and shorter than 24 days' }];
}
