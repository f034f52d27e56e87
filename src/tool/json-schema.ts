/** Wraps a JSON Schema as a Standard Schema, for tools whose schemas come from a file. @module */
import { Validator, type OutputUnit, type SchemaDraft } from '@cfworker/json-schema';
import type { ToolSchema } from './schema.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Keywords whose errors only say that something below them failed. The nested error says what and where. */
const CONTAINERS = new Set([
  'properties',
  'patternProperties',
  'items',
  'prefixItems',
  'allOf',
  '$ref',
  '$dynamicRef',
  'then',
  'else',
  'additionalProperties',
  'unevaluatedProperties',
  'dependentSchemas',
]);

/**
 * Validates by the draft that `$schema` names, or else by draft 2020-12. Leaves values unchanged and does not fill in
 * defaults.
 */
export function fromJsonSchema(schema: JsonSchema): ToolSchema {
  const validator = new Validator(schema, draftOf(schema), false);
  const itself = (): Record<string, unknown> => ({ ...schema });
  return {
    '~standard': {
      version: 1,
      vendor: 'mcp-tasks-temporal',
      validate(value) {
        const { valid, errors } = validator.validate(value);
        return valid ? { value } : { issues: issuesOf(errors) };
      },
      jsonSchema: { input: itself, output: itself },
    },
  };
}

function draftOf({ $schema }: JsonSchema): SchemaDraft {
  const draft = typeof $schema === 'string' ? /draft-0?(4|7)|(2019-09)/.exec($schema) : null;
  return (draft?.[1] ?? draft?.[2] ?? '2020-12') as SchemaDraft;
}

function issuesOf(errors: OutputUnit[]): { message: string; path: string[] }[] {
  const telling = errors.filter(({ keyword }) => !CONTAINERS.has(keyword));
  return (telling.length > 0 ? telling : errors).map(({ instanceLocation, keyword, error }) => ({
    // For an unknown property, `additionalProperties: false` only reports that nothing matches. Other messages lose
    // their final period, because several are joined into one sentence.
    message: keyword === 'false' ? 'is not known here' : error.replace(/\.$/, ''),
    path: instanceLocation
      .split('/')
      .slice(1)
      .map((key) => decodeURIComponent(key.replaceAll('~1', '/').replaceAll('~0', '~'))),
  }));
}
