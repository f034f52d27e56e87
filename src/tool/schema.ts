/**
 * Standard Schema (https://standardschema.dev) as the tools use it: a validator that can also produce its JSON Schema.
 * zod 4, ArkType and Valibot's JSON Schema wrapper have this shape.
 * @module
 */
import { shortQuote } from '../task/message.js';
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';

/** A schema that validates and can be converted to JSON Schema: one of zod 4, or any such Standard Schema. */
export type ToolSchema<Input = unknown, Output = Input> = {
  readonly '~standard': StandardSchemaV1.Props<Input, Output> & StandardJSONSchemaV1.Props<Input, Output>;
};

export type SchemaOutput<S extends ToolSchema> = NonNullable<S['~standard']['types']>['output'];

export type Validation<T> = { readonly value: T } | { readonly problems: string };

/** The maximum number of problems to name; a large value may have millions. */
const MOST_PROBLEMS = 10;

/** Validates `value`. `problems` is one sentence that gives the path of each of the first ten problems. */
export async function validate<T>(schema: ToolSchema<unknown, T>, value: unknown): Promise<Validation<T>> {
  const result = await schema['~standard'].validate(value);
  if (!result.issues) return { value: result.value };
  const problems = result.issues.slice(0, MOST_PROBLEMS).map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return shortQuote(path ? `${path}: ${issue.message}` : issue.message);
  });
  const more = result.issues.length - problems.length;
  return { problems: problems.join('; ') + (more > 0 ? `; and ${more} more` : '') };
}
