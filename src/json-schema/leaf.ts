/** The keywords of a schema that look at a value as a whole and take little time. Pure. @module */
import { validate, type Schema, type SchemaDraft } from '@cfworker/json-schema';

const BOUNDS = [
  'type',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
] as const;
const NAMES = ['required', 'dependentRequired'] as const;

/** The parts of each schema with these keywords. */
interface Leaf {
  readonly bounds: Schema | undefined;
  readonly names: Schema | undefined;
}

const leaves = new WeakMap<Schema, Leaf>();

/** Returns what is wrong with the type, size or range of a value. If anything is, its parts are not checked. */
export function boundProblems(schema: Schema, value: unknown, draft: SchemaDraft): readonly string[] {
  return problems(leafOf(schema).bounds, value, draft);
}

/** Returns which properties are missing. */
export function missingProblems(schema: Schema, value: unknown, draft: SchemaDraft): readonly string[] {
  return problems(leafOf(schema).names, value, draft);
}

function leafOf(schema: Schema): Leaf {
  const leaf = leaves.get(schema) ?? { bounds: only(schema, BOUNDS), names: only(schema, NAMES) };
  leaves.set(schema, leaf);
  return leaf;
}

function only(schema: Schema, keywords: readonly string[]): Schema | undefined {
  const present = keywords.filter((keyword) => schema[keyword] !== undefined);
  if (present.length === 0) return undefined;
  return Object.fromEntries(present.map((keyword) => [keyword, schema[keyword] as unknown]));
}

const NONE: readonly string[] = [];

function problems(leaf: Schema | undefined, value: unknown, draft: SchemaDraft): readonly string[] {
  if (leaf === undefined) return NONE;
  const { valid, errors } = validate(value, leaf, draft, {}, false);
  return valid ? NONE : errors.map(({ error }) => error.replace(/\.$/, ''));
}
