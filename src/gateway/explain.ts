/** Explains what to write instead of a value that does not match the configuration's schema. Pure. @module */
import type { z } from 'zod';
import { gatewayJsonSchema } from './config.js';
import type { Path } from './problem.js';
import { similarTo } from '../task/similar.js';

type Issue = z.core.$ZodIssue;

/** A field of the configuration, as its JSON Schema describes it. */
interface Field {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly additionalProperties?: Field | boolean;
  readonly items?: Field;
  readonly anyOf?: readonly Field[];
}

export interface Explained {
  readonly path: Path;
  /** The key at fault in the mapping at `path`. */
  readonly key?: string;
  readonly message: string;
}

/** A wrong value. */
interface Mismatch {
  /** The key that has the value, or `the file`. */
  readonly name: string;
  readonly issue: Issue;
  /** The types that the schema allows, if the value has another one. */
  readonly expected: readonly string[];
  /** The type of the value, if it is a wrong one. */
  readonly found?: string | undefined;
}

interface Rule {
  readonly matches: (mismatch: Mismatch) => boolean;
  readonly message: (mismatch: Mismatch) => string;
}

/** What to say about a wrong value. The first rule that matches decides. */
const RULES: readonly Rule[] = [
  {
    matches: ({ found }) => found === 'undefined',
    message: ({ name }) => `"${name}" is missing`,
  },
  {
    matches: ({ found }) => found === 'null',
    message: ({ name }) => `${name}: no value: write one, or remove "${name}"`,
  },
  {
    matches: ({ expected }) => expected.includes('string'),
    message: ({ name, expected }) => `${name}: expected ${namesOf(expected)}, in quotes if it looks like anything else`,
  },
  {
    matches: ({ expected }) => expected.length > 0,
    message: ({ name, expected }) => `${name}: expected ${namesOf(expected)}`,
  },
  {
    matches: ({ issue }) => isEmpty(issue) && issue.origin === 'array',
    message: ({ name }) => `${name}: must not be empty: add at least one entry`,
  },
  {
    matches: ({ issue }) => isEmpty(issue),
    message: ({ name }) => `${name}: must not be empty`,
  },
  {
    matches: () => true,
    message: ({ name, issue }) => `${name}: ${issue.message}`,
  },
];

/** Plain names for the types in the schema. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list (each entry starts with "- ")',
  tuple: 'a list (each entry starts with "- ")',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
};

/** Explains one schema issue. There may be several things to fix. */
export function explain(issue: Issue, parent: Path = []): Explained[] {
  const path = [...parent, ...(issue.path as Path)];
  const field = fieldAt(path);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path, key, message: unknownKey(key, path, field) }));
  const intended = issue.code === 'invalid_union' ? intendedAlternative(issue.errors) : undefined;
  if (intended) return intended.flatMap((inner) => explain(inner, path));

  const name = String(path.at(-1) ?? 'the file');
  const mismatch: Mismatch = { name, issue, ...typesOf(issue) };
  const message = RULES.find(({ matches }) => matches(mismatch))!.message(mismatch);
  const help = field?.description ? ` (${name}: ${field.description})` : '';
  return [{ path, message: `${message}${help}` }];
}

function unknownKey(key: string, path: Path, field: Field | undefined): string {
  // `input` takes a schema directly, but `output` takes it under `schema`.
  const isToolOutput = path.length === 3 && path.at(-1) === 'output';
  if (isToolOutput) return `unknown key "${key}": put the JSON Schema under \`schema\`, or in a file`;
  const known = Object.keys(propertiesOf(field));
  const meant = similarTo(key, known);
  return meant === undefined
    ? `unknown key "${key}"; known keys: ${known.join(', ')}`
    : `unknown key "${key}": did you mean "${meant}"?`;
}

function namesOf(types: readonly string[]): string {
  return types.map((type) => TYPE_NAMES[type] ?? type).join(' or ');
}

function isEmpty(issue: Issue): issue is z.core.$ZodIssueTooSmall {
  return issue.code === 'too_small' && issue.minimum === 1 && ['array', 'string'].includes(issue.origin);
}

/** Returns the expected types and the one found. There are none if the issue is not a wrong type. */
function typesOf(issue: Issue): Pick<Mismatch, 'expected' | 'found'> {
  const isUnion = issue.code === 'invalid_union';
  const issues = isUnion ? issue.errors.flat() : [issue];
  // The issues of a union's alternatives have paths relative to the value.
  const depth = isUnion ? 0 : issue.path.length;
  const expected = issues.flatMap((one) =>
    one.code === 'invalid_type' && one.path.length === depth ? [one.expected] : [],
  );
  const found = /received (\w+)$/.exec(issues[0]?.message ?? '')?.[1];
  // Without it, the schema has a message of its own, which says more than the types.
  if (found === undefined) return { expected: [] };
  return { expected: [...new Set(expected)], found };
}

/** Returns the alternative that the author meant: the first one whose issues lie inside the value, not in its type. */
function intendedAlternative(alternatives: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return alternatives.find((issues) => issues.every((issue) => issue.path.length > 0 || !isOtherType(issue)));
}

/** `false`, which turns something off, is the only value of its type where it is an alternative. */
function isOtherType(issue: Issue): boolean {
  return (
    issue.code === 'invalid_type' || (issue.code === 'invalid_value' && issue.values.every((one) => one === false))
  );
}

function fieldAt(path: Path): Field | undefined {
  return path.reduce<Field | undefined>(childOf, gatewayJsonSchema() as Field);
}

function childOf(parent: Field | undefined, key: string | number): Field | undefined {
  if (typeof key === 'number') return parent?.items;
  const named = propertiesOf(parent)[key];
  if (named) return named;
  const values = withAlternatives(parent).map(({ additionalProperties }) => additionalProperties);
  return values.find((value): value is Field => typeof value === 'object');
}

function propertiesOf(field: Field | undefined): Readonly<Record<string, Field>> {
  return withAlternatives(field).find(({ properties }) => properties)?.properties ?? {};
}

function withAlternatives(field: Field | undefined): readonly Field[] {
  return field ? [field, ...(field.anyOf ?? [])] : [];
}
