/** What a schema cannot say of a gateway's file: how its parts go together. Pure. @module */
import { fieldsOf } from '../task/template.js';
import type { JsonSchema } from '../tool/json-schema.js';
import type { GatewayConfig, ToolConfig } from './config.js';
import type { Explained } from './explain.js';
import type { Path } from './problem.js';

/** MCP's forms are flat. https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#requested-schema */
const NESTED = new Set<unknown>(['object']);

export function checks(config: GatewayConfig): Explained[] {
  const names = config.tools.map(({ name }) => name);
  return config.tools.flatMap((tool, index) => {
    const path: Path = ['tools', index];
    const first = names.indexOf(tool.name);
    return [
      ...(first < index ? [{ path: [...path, 'name'], message: `two tools are named "${tool.name}": give each its own name` }] : []),
      ...(tool.taskQueue ?? config.taskQueue ? [] : [{ path, message: `tool "${tool.name}" has no task queue: write \`taskQueue\`, here or at the top of the file` }]),
      ...(tool.inputs && tool.taskSupport === 'forbidden' ? [{ path: [...path, 'taskSupport'], message: 'only a task can ask: leave `inputs` out, or write optional or required' }] : []),
      ...inputProblems(tool, path),
    ];
  });
}

/** @param schema the tool's input, wherever it came from */
export function inputSchemaProblems(tool: ToolConfig, schema: JsonSchema, path: Path): Explained[] {
  const { type = 'object', properties } = schema;
  if (type !== 'object') return [{ path: [...path, 'input'], message: `arguments are an object: write \`type: object\`, or leave the type out` }];
  const known = properties === undefined ? [] : Object.keys(properties as object);
  const unknown = (names: readonly string[], key: string): Explained[] =>
    names.filter((name) => !known.includes(name)).map((name) => ({ path: [...path, key], message: `"${name}" is not an argument of this tool${known.length > 0 ? `; those are: ${known.join(', ')}` : ': list it under `input` / `properties`'}` }));
  const { args = [], idempotencyKey = [], confirm } = tool;
  return [
    ...unknown(args, 'args'),
    ...unknown(typeof idempotencyKey === 'string' ? fieldsOf(idempotencyKey) : idempotencyKey, 'idempotencyKey'),
    ...unknown(typeof confirm === 'string' ? fieldsOf(confirm) : [], 'confirm'),
    ...(typeof idempotencyKey === 'string' && fieldsOf(idempotencyKey).length === 0 ? [{ path: [...path, 'idempotencyKey'], message: 'a text without a {field} makes all calls one: name the fields that tell them apart' }] : []),
  ];
}

function inputProblems({ inputs = {}, status }: ToolConfig, path: Path): Explained[] {
  return Object.entries(inputs).flatMap(([name, { query, schema }]) => {
    const at = [...path, 'inputs', name];
    const nested = Object.entries((schema['properties'] ?? {}) as Record<string, { type?: unknown }>).filter(([, { type }]) => NESTED.has(type));
    return [
      ...(query ?? status ? [] : [{ path: at, message: 'say which query tells whether the question is open: write `query`, here or under `status`' }]),
      ...nested.map(([property]) => ({ path: [...at, 'schema'], message: `a form is flat: "${property}" cannot be an object` })),
    ];
  });
}
