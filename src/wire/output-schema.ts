/** The output schemas that are listed, as JSON Schema. Pure. @module */

/** A type, not an interface: the SDKs' tools have an index signature, which only a type fits. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** Whether whatever fits `schema` is an object, as far as its root, or a definition that the root names, tells. */
export function describesObjects(schema: JsonSchema, root = schema): boolean {
  const [, definitions = '', name = ''] = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(String(schema['$ref'])) ?? [];
  const { type = (root[definitions] as Record<string, JsonSchema> | undefined)?.[name]?.['type'] } = schema;
  if (type !== undefined) return type === 'object';
  const parts = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(parts) && parts.length > 0 && parts.every((part: JsonSchema) => describesObjects(part, root));
}

/** The schema of 2025-11-25, where structured content is an object, for content that may be none: it is under `result`. */
export function underResult(schema: JsonSchema): JsonSchema {
  const { dialect, rest } = split(moved(schema, '#/properties/result'));
  return { ...dialect, type: 'object', properties: { result: rest }, required: ['result'] };
}

/** A schema that both fit; one of objects where both are, because protocol versions before 2026-07-28 ask for that. */
export function either(one: JsonSchema, other: JsonSchema): JsonSchema {
  const { dialect, rest } = split(moved(one, '#/anyOf/0'));
  const objects = describesObjects(one) && describesObjects(other);
  return { ...dialect, ...(objects ? { type: 'object' } : {}), anyOf: [rest, split(moved(other, '#/anyOf/1')).rest] };
}

/** Which dialect it is can only be said at the root. */
function split({ $schema, ...rest }: JsonSchema): { dialect: JsonSchema; rest: JsonSchema } {
  return { dialect: $schema === undefined ? {} : { $schema }, rest };
}

/** The schema with its references to its own parts as they are when it stands at `pointer`; one with an ID is a document of its own. */
function moved(schema: JsonSchema, pointer: string): JsonSchema {
  if (schema['$id'] !== undefined) return schema;
  const move = (key: string, value: unknown): unknown =>
    key === '$ref' && typeof value === 'string' && /^#(\/|$)/.test(value) ? pointer + value.slice(1) : value;
  return JSON.parse(JSON.stringify(schema), move) as JsonSchema;
}
