/** The listed output schemas, as JSON Schema. Pure. @module */

import type { JsonSchema } from '../tool/json-schema.js';

/**
 * Returns whether every value that fits `schema` is an object. Looks only at the schema's root, the definition that it
 * references and the branches of its `anyOf` or `oneOf`.
 */
export function describesObjects(schema: JsonSchema, root = schema): boolean {
  const [, definitions = '', name = ''] = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(String(schema['$ref'])) ?? [];
  const { type = (root[definitions] as Record<string, JsonSchema> | undefined)?.[name]?.['type'] } = schema;
  if (type !== undefined) return type === 'object';
  const parts = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(parts) && parts.length > 0 && parts.every((part: JsonSchema) => describesObjects(part, root));
}

/**
 * Returns the schema to list in 2025-11-25 for content that may not be an object. Structured content has to be an
 * object there, so the content is nested under `result`.
 */
export function underResult(schema: JsonSchema): JsonSchema {
  const { dialect, rest } = split(moved(schema, '#/properties/result'));
  return { ...dialect, type: 'object', properties: { result: rest }, required: ['result'] };
}

/**
 * Returns a schema that accepts what fits either of the two. If both describe objects, it does too, because protocol
 * versions before 2026-07-28 require that.
 */
export function either(one: JsonSchema, other: JsonSchema): JsonSchema {
  const { dialect, rest } = split(moved(one, '#/anyOf/0'));
  const objects = describesObjects(one) && describesObjects(other);
  return { ...dialect, ...(objects ? { type: 'object' } : {}), anyOf: [rest, split(moved(other, '#/anyOf/1')).rest] };
}

/** Splits off the dialect, which can only be declared at the root. */
function split({ $schema, ...rest }: JsonSchema): { dialect: JsonSchema; rest: JsonSchema } {
  return { dialect: $schema === undefined ? {} : { $schema }, rest };
}

/**
 * Returns the schema with its internal references adjusted for a new position at `pointer`. A schema with an `$id` is a
 * document of its own and stays unchanged.
 */
function moved(schema: JsonSchema, pointer: string): JsonSchema {
  if (schema['$id'] !== undefined) return schema;
  const move = (key: string, value: unknown): unknown =>
    key === '$ref' && typeof value === 'string' && /^#(\/|$)/.test(value) ? pointer + value.slice(1) : value;
  return JSON.parse(JSON.stringify(schema), move) as JsonSchema;
}
