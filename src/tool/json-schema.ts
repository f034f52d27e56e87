/** Wraps a JSON Schema as a Standard Schema, for tools whose schemas come from a file. @module */
import { compileSchema, type JsonSchema } from '../json-schema/json-schema.js';
import type { Pattern } from '../json-schema/pattern.js';
import type { ToolSchema } from './schema.js';

export type { JsonSchema } from '../json-schema/json-schema.js';

/**
 * Validates by the draft that `$schema` names, or else by draft 2020-12. Leaves values unchanged and does not fill in
 * defaults.
 *
 * @param pattern compiles the schema's patterns
 * @default linear-time patterns only
 */
export function fromJsonSchema(schema: JsonSchema, pattern?: (source: string) => Pattern): ToolSchema {
  const check = compileSchema(schema, pattern);
  const itself = (): Record<string, unknown> => ({ ...schema });
  return {
    '~standard': {
      version: 1,
      vendor: 'mcp-tasks-temporal',
      validate(value) {
        const issues = check(value);
        return issues.length === 0 ? { value } : { issues };
      },
      jsonSchema: { input: itself, output: itself },
    },
  };
}
