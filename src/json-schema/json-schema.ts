/**
 * Validates JSON values by a JSON Schema. The values come from callers, so the time is linear in their size: bounds are
 * checked first, patterns cannot backtrack, and validation ends after the first problems. Pure, generates no code, and
 * is safe in the workflow sandbox.
 * @module
 */
import { dereference, type SchemaDraft } from '@cfworker/json-schema';
import { Evaluation } from './evaluation.js';
import type { CompiledSchema } from './evaluator.js';
import { linearPattern, type Pattern } from './pattern.js';
import { Problems, type Problem } from './problem.js';

export type { Problem } from './problem.js';
export type JsonSchema = Readonly<Record<string, unknown>>;

/** How many problems are listed. A large value may have millions. */
export const MOST_PROBLEMS = 10;

/** The maximum depth of a value, in levels. A deeper one might exceed the stack. */
export const DEEPEST_VALUE = 500;

/** Returns the first problems of a value, one more than {@link MOST_PROBLEMS} if there are more; none if it is valid. */
export type Check = (value: unknown) => readonly Problem[];

/**
 * @param pattern compiles the schema's patterns
 * @default linear-time patterns only
 * @returns a function that validates by the draft that `$schema` names, or else by draft 2020-12. It throws a
 *   `PatternError` if the schema has a pattern that cannot be matched in linear time.
 */
export function compileSchema(schema: JsonSchema, pattern: (source: string) => Pattern = linearPattern): Check {
  const compiled: CompiledSchema = {
    schema,
    draft: draftOf(schema),
    lookup: dereference(schema),
    tracks: /"unevaluated(Properties|Items)"/.test(JSON.stringify(schema)),
    pattern,
  };
  return (value) => {
    const problems = new Problems(MOST_PROBLEMS + 1);
    if (depthExceeds(value, DEEPEST_VALUE)) problems.add(undefined, `is nested more than ${DEEPEST_VALUE} levels deep`);
    else
      new Evaluation(compiled).check(compiled.schema, { value, place: undefined, problems, seen: new Set(), depth: 0 });
    return problems.list;
  };
}

function draftOf({ $schema }: JsonSchema): SchemaDraft {
  const draft = typeof $schema === 'string' ? /draft-0?(4|7)|(2019-09)/.exec($schema) : null;
  return (draft?.[1] ?? draft?.[2] ?? '2020-12') as SchemaDraft;
}

/** Goes through one level at a time, without recursion. */
function depthExceeds(value: unknown, most: number): boolean {
  let level = [value].filter(isNested);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > most) return true;
    level = level.flatMap((parent) => Object.values(parent)).filter(isNested);
  }
  return false;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
