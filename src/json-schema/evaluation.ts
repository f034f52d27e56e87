/** One validation of a value by a JSON Schema. Pure. @module */
import type { Schema } from '@cfworker/json-schema';
import { Equality } from './equality.js';
import { arrayProblems } from './arrays.js';
import { boundProblems, missingProblems } from './leaf.js';
import { formatProblem } from './formats.js';
import { objectProblems } from './objects.js';
import type { At, CompiledSchema, Evaluator, Seen } from './evaluator.js';
import { Problems, quoted } from './problem.js';

/**
 * How deeply schemas may be nested while a value is checked, including references. Beyond the stack's size, the request
 * would fail with an obscure error.
 */
export const DEEPEST_SCHEMA = 500;
/**
 * How often schemas may be applied in one validation. Only schemas that repeat themselves reach this, such as a chain
 * of definitions that each refer to the next one twice.
 */
export const MOST_STEPS = 10_000_000;

interface Verdict {
  readonly problems: Problems;
  readonly seen: Seen | undefined;
}

export class Evaluation implements Evaluator {
  readonly equality = new Equality();
  /** Without this, a recursive schema with alternatives would check a value again for each path to it. */
  readonly #verdicts = new Map<object, Map<Schema, Verdict>>();
  readonly #choices = new Map<readonly unknown[], ReadonlySet<number>>();
  #steps = 0;

  constructor(readonly compiled: CompiledSchema) {}

  /** Adds what is wrong with a value to the problems. Returns whether nothing is. */
  check(schema: Schema | boolean, at: At): boolean {
    const { problems, place } = at;
    const before = problems.count;
    if (schema === true || problems.isFull) return schema === true;
    if (schema === false) problems.add(place, 'is not allowed here');
    else if (at.depth > DEEPEST_SCHEMA) problems.add(place, `is nested more than ${DEEPEST_SCHEMA} levels deep`);
    else if (++this.#steps > MOST_STEPS) problems.add(place, 'takes too long to check; send a smaller value');
    else this.#apply(schema, at);
    return problems.count === before;
  }

  within(schema: Schema | boolean, at: At, part: Partial<At> = {}): boolean {
    return this.check(schema, { ...at, seen: this.#newSeen(), ...part, depth: at.depth + 1 });
  }

  inPlace(schema: Schema | boolean, at: At): void {
    const seen = this.#newSeen();
    this.within(schema, at, { seen });
    merge(seen, at);
  }

  apart(schema: Schema | boolean, at: At, part: Partial<At> = {}): Problems {
    const problems = new Problems(at.problems.most);
    this.within(schema, at, { ...part, problems });
    return problems;
  }

  #newSeen(): Seen | undefined {
    return this.compiled.tracks ? new Set() : undefined;
  }

  #apply(schema: Schema, outer: At): void {
    const { draft } = this.compiled;
    const at = schema.$recursiveAnchor === true && !outer.anchor ? { ...outer, anchor: schema } : outer;
    if (schema.$ref !== undefined) {
      this.#reference(schema, at);
      if (draft === '4' || draft === '7') return;
    }
    const wrong = boundProblems(schema, at.value, draft);
    for (const message of wrong) at.problems.add(at.place, message);
    // This alone refuses the value, and its parts may be large.
    if (wrong.length > 0) return;
    if (schema.$recursiveRef === '#') this.#recursion(schema, at);
    this.#values(schema, at);
    this.#combinations(schema, at);
    if (typeof at.value === 'string') this.#text(schema, at.value, at);
    else if (Array.isArray(at.value)) arrayProblems(this, schema, at.value, at);
    else if (typeof at.value === 'object' && at.value !== null) {
      for (const message of missingProblems(schema, at.value, draft)) at.problems.add(at.place, message);
      objectProblems(this, schema, at.value as Readonly<Record<string, unknown>>, at);
    }
  }

  #reference(schema: Schema, at: At): void {
    const target = this.compiled.lookup[(schema.__absolute_ref__ ?? schema.$ref) as string];
    if (target === undefined) throw new Error(`Unresolved $ref "${schema.$ref}".`);
    if (typeof target === 'boolean' || typeof at.value !== 'object' || at.value === null || at.anchor) {
      this.inPlace(target, at);
      return;
    }
    const verdict = this.#verdict(target, at.value, at);
    at.problems.addAll(verdict.problems);
    merge(verdict.seen, at);
  }

  #recursion({ __absolute_recursive_ref__: uri = '' }: Schema, at: At): void {
    const target = this.compiled.lookup[uri];
    if (target === undefined) throw new Error('Unresolved $recursiveRef "#".');
    const isDynamic = typeof target === 'object' && target.$recursiveAnchor === true;
    this.inPlace(isDynamic ? (at.anchor ?? target) : target, at);
  }

  #verdict(target: Schema, value: object, at: At): Verdict {
    const verdicts = this.#verdicts.get(value) ?? new Map<Schema, Verdict>();
    this.#verdicts.set(value, verdicts);
    const known = verdicts.get(target);
    if (known) return known;
    const seen = this.#newSeen();
    const verdict = { problems: this.apart(target, at, { seen }), seen };
    verdicts.set(target, verdict);
    return verdict;
  }

  #values(schema: Schema, { value, place, problems }: At): void {
    if (schema.const !== undefined && this.equality.of(value) !== this.equality.of(schema.const))
      problems.add(place, `Instance does not match ${quoted(JSON.stringify(schema.const))}`);
    if (schema.enum !== undefined && !this.#choicesOf(schema.enum).has(this.equality.of(value)))
      problems.add(place, `Instance does not match any of ${quoted(JSON.stringify(schema.enum))}`);
  }

  #choicesOf(values: readonly unknown[]): ReadonlySet<number> {
    const known = this.#choices.get(values) ?? new Set(values.map((value) => this.equality.of(value)));
    this.#choices.set(values, known);
    return known;
  }

  #combinations(schema: Schema, at: At): void {
    const { not, allOf, anyOf, oneOf, if: condition } = schema;
    if (not !== undefined && this.apart(not, at).count === 0)
      at.problems.add(at.place, 'Instance matched "not" schema');
    for (const part of allOf ?? []) this.inPlace(part, at);
    if (anyOf)
      this.#alternatives(anyOf, at, (matches) => (matches > 0 ? undefined : 'Instance does not match any subschemas'));
    if (oneOf)
      this.#alternatives(oneOf, at, (matches) =>
        matches === 1 ? undefined : `Instance does not match exactly one subschema (${matches} matches)`,
      );
    if (condition !== undefined) this.#condition(schema, at);
  }

  #alternatives(schemas: readonly (Schema | boolean)[], at: At, wrong: (matches: number) => string | undefined): void {
    const failures: Problems[] = [];
    for (const schema of schemas) {
      const seen = this.#newSeen();
      const problems = this.apart(schema, at, { seen });
      if (problems.count > 0) failures.push(problems);
      else merge(seen, at);
    }
    const matches = schemas.length - failures.length;
    const message = wrong(matches);
    if (message === undefined) return;
    at.problems.add(at.place, message);
    if (matches === 0) for (const failure of failures) at.problems.addAll(failure);
  }

  #condition(schema: Schema, at: At): void {
    const seen = this.#newSeen();
    const holds = this.apart(schema.if!, at, { seen }).count === 0;
    if (holds) merge(seen, at);
    const next = holds ? schema.then : schema.else;
    if (next === undefined) return;
    const nextSeen = this.#newSeen();
    const problems = this.apart(next, at, { seen: nextSeen });
    merge(nextSeen, at);
    if (problems.count === 0) return;
    at.problems.add(at.place, `Instance does not match "${holds ? 'then' : 'else'}" schema`);
    at.problems.addAll(problems);
  }

  #text(schema: Schema, text: string, { place, problems }: At): void {
    if (schema.pattern !== undefined && !this.compiled.pattern(schema.pattern).test(text))
      problems.add(place, 'String does not match pattern');
    const wrong = schema.format === undefined ? undefined : formatProblem(schema.format, text);
    if (wrong !== undefined) problems.add(place, wrong);
  }
}

function merge(seen: Seen | undefined, at: At): void {
  for (const name of seen ?? []) at.seen?.add(name);
}
