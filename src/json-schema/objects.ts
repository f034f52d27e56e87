/** The keywords of JSON Schema about the properties of an object. Pure. @module */
import type { Schema } from '@cfworker/json-schema';
import type { At, Evaluator } from './evaluator.js';
import { quoted } from './problem.js';

type Values = Readonly<Record<string, unknown>>;

export function objectProblems(evaluator: Evaluator, schema: Schema, values: Values, at: At): void {
  names(evaluator, schema, values, at);
  dependencies(evaluator, schema, values, at);
  const described = describedProperties(evaluator, schema, values, at);
  const { additionalProperties, unevaluatedProperties } = schema;
  if (additionalProperties !== undefined) {
    for (const name of Object.keys(values)) {
      if (at.problems.isFull) return;
      if (!described.has(name)) property(evaluator, additionalProperties, name, at);
    }
  } else if (unevaluatedProperties !== undefined) {
    for (const name of Object.keys(values)) {
      if (at.problems.isFull) return;
      if (!described.has(name) && !at.seen?.has(name)) property(evaluator, unevaluatedProperties, name, at);
    }
  }
}

function names(evaluator: Evaluator, { propertyNames }: Schema, values: Values, at: At): void {
  if (propertyNames === undefined) return;
  for (const name of Object.keys(values)) {
    if (at.problems.isFull) return;
    const place = { key: name, parent: at.place };
    const problems = evaluator.apart(propertyNames, at, { value: name, place });
    if (problems.count === 0) continue;
    at.problems.add(at.place, `Property name "${quoted(name)}" does not match schema`);
    at.problems.addAll(problems);
  }
}

function dependencies(evaluator: Evaluator, schema: Schema, values: Values, at: At): void {
  const dependent = { ...schema.dependencies, ...schema.dependentSchemas };
  for (const [name, needed] of Object.entries(dependent)) {
    if (!Object.hasOwn(values, name)) continue;
    if (Array.isArray(needed)) {
      for (const other of needed)
        if (!Object.hasOwn(values, other))
          at.problems.add(at.place, `Instance has "${name}" but does not have "${other}"`);
    } else evaluator.inPlace(needed, at);
  }
}

/** Checks the properties by `properties` and `patternProperties`. Returns which ones have a schema. */
function describedProperties(evaluator: Evaluator, schema: Schema, values: Values, at: At): ReadonlySet<string> {
  const described = new Set<string>();
  for (const [name, part] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(values, name)) continue;
    described.add(name);
    property(evaluator, part, name, at);
  }
  for (const [source, part] of Object.entries(schema.patternProperties ?? {})) {
    const pattern = evaluator.compiled.pattern(source);
    for (const name of Object.keys(values)) {
      if (at.problems.isFull) return described;
      if (!pattern.test(name)) continue;
      described.add(name);
      property(evaluator, part, name, at);
    }
  }
  return described;
}

function property(evaluator: Evaluator, schema: Schema | boolean, name: string, at: At): void {
  at.seen?.add(name);
  evaluator.within(schema, at, { value: (at.value as Values)[name], place: { key: name, parent: at.place } });
}
