/**
 * Standard Schema (https://standardschema.dev) as the tools use it: a validator that can also produce its JSON Schema.
 * zod 4, ArkType and Valibot's JSON Schema wrapper have this shape.
 * @module
 */
import { MOST_PROBLEMS } from '../json-schema/json-schema.js';
import { quoted } from '../json-schema/problem.js';
import { shortQuote } from '../task/message.js';
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';

/** A schema that validates and can be converted to JSON Schema: one of zod 4, or any such Standard Schema. */
export type ToolSchema<Input = unknown, Output = Input> = {
  readonly '~standard': StandardSchemaV1.Props<Input, Output> & StandardJSONSchemaV1.Props<Input, Output>;
};

export type SchemaOutput<S extends ToolSchema> = NonNullable<S['~standard']['types']>['output'];

export type Validation<T> = { readonly value: T } | { readonly problems: string };

/** The maximum number of names in the path of a problem. */
const MOST_PARTS = 20;

/** Validates `value`. `problems` is one sentence that gives the path of each of the first ten problems. */
export async function validate<T>(schema: ToolSchema<unknown, T>, value: unknown): Promise<Validation<T>> {
  const result = await schema['~standard'].validate(value);
  return result.issues ? { problems: problemsIn(result.issues) } : { value: result.value };
}

/** Returns one sentence that gives the path of each of the first ten problems. */
export function problemsIn(issues: readonly StandardSchemaV1.Issue[]): string {
  const problems = issues.slice(0, MOST_PROBLEMS).map(problemText);
  return problems.join('; ') + (issues.length > problems.length ? '; and more' : '');
}

function problemText({ path = [], message }: StandardSchemaV1.Issue): string {
  const shown = path.slice(0, MOST_PARTS).map((part) => quoted(String(typeof part === 'object' ? part.key : part)));
  if (path.length > shown.length) shown.push('…');
  return shortQuote(shown.length > 0 ? `${shown.join('.')}: ${message}` : message);
}
