/** Finds mistakes in a JSON Schema that would otherwise break validation during a call. Pure. @module */
import { dereference, schemaArrayKeyword, schemaKeyword, schemaMapKeyword, type Schema } from '@cfworker/json-schema';
import { patternProblem } from '../json-schema/pattern.js';
import type { Explained } from './explain.js';
import type { Path } from './problem.js';

const TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];

type Lookup = Readonly<Record<string, unknown>>;

/** Returns the problems of a schema, each with its place in it. */
export function schemaProblems(given: unknown): Explained[] {
  if (!isMapping(given))
    return [
      {
        path: [],
        message: 'not a JSON Schema: expected a mapping, such as { properties: { date: { type: string } } }',
      },
    ];
  // The library writes resolved references into the schema, so work on a copy.
  const schema = structuredClone(given) as Schema;
  try {
    const lookup = dereference(schema);
    return [...problemsAt(schema, [], lookup), ...loopProblems(lookup)];
  } catch (error) {
    return [{ path: [], message: `not a JSON Schema: ${(error as Error).message}` }];
  }
}

function problemsAt(schema: unknown, path: Path, lookup: Lookup): Explained[] {
  if (typeof schema === 'boolean') return [];
  if (!isMapping(schema))
    return [{ path, message: `"${String(path.at(-1))}" must be a JSON Schema, such as { type: string }` }];
  return [
    ...ownProblems(schema, path, lookup),
    ...Object.entries(schema).flatMap(([keyword, value]) => withinKeyword(keyword, value, [...path, keyword], lookup)),
  ];
}

/** Finds problems in the schemas under a keyword. */
function withinKeyword(keyword: string, value: unknown, path: Path, lookup: Lookup): Explained[] {
  if (Object.hasOwn(schemaMapKeyword, keyword)) {
    if (!isMapping(value)) return [{ path, message: `"${keyword}" must map names to JSON Schemas` }];
    return Object.entries(value).flatMap(([name, schema]) => problemsAt(schema, [...path, name], lookup));
  }
  if (Object.hasOwn(schemaArrayKeyword, keyword) && Array.isArray(value))
    return value.flatMap((schema, index) => problemsAt(schema, [...path, index], lookup));
  return Object.hasOwn(schemaKeyword, keyword) || Object.hasOwn(schemaArrayKeyword, keyword)
    ? problemsAt(value, path, lookup)
    : [];
}

function ownProblems(
  { type, pattern, patternProperties, required, enum: values, $ref, __absolute_ref__: target = '' }: Schema,
  path: Path,
  lookup: Lookup,
): Explained[] {
  const types = type === undefined ? [] : [type].flat();
  return [
    ...types
      .filter((name) => !TYPES.includes(name))
      .map((name) => ({
        path: [...path, 'type'],
        message: `"${name}" is not a JSON Schema type; those are: ${TYPES.join(', ')}`,
      })),
    ...(pattern === undefined ? [] : patternProblems(pattern, [...path, 'pattern'])),
    ...(isMapping(patternProperties)
      ? Object.keys(patternProperties).flatMap((key) => patternProblems(key, [...path, 'patternProperties', key]))
      : []),
    ...(required === undefined || isListOfTexts(required)
      ? []
      : [
          {
            path: [...path, 'required'],
            message: '"required" must be a list of property names, next to `properties`',
          },
        ]),
    ...(values === undefined || Array.isArray(values)
      ? []
      : [{ path: [...path, 'enum'], message: '"enum" must be a list of values' }]),
    ...($ref === undefined || lookup[target] !== undefined
      ? []
      : [
          {
            path: [...path, '$ref'],
            message: `this schema has no "${$ref}": add it, for example under $defs. References to other files are not resolved`,
          },
        ]),
  ];
}

/** Finds a schema that refers back to itself for the same value, so that checking any value would never end. */
function loopProblems(lookup: Lookup): Explained[] {
  const looping = Object.values(lookup).find((part) => isMapping(part) && leadsBack(part, lookup));
  if (looping === undefined) return [];
  const { $ref } = looping as Schema;
  return [
    {
      path: [],
      message: `"${$ref ?? '#'}" leads back to itself without going into a property or an item, so checking a value would never end: put the reference under \`properties\` or \`items\``,
    },
  ];
}

/** Whether a schema applies itself to the same value again. */
function leadsBack(start: Readonly<Record<string, unknown>>, lookup: Lookup): boolean {
  const seen = new Set<unknown>();
  const next = [...sameValue(start, lookup)];
  for (let part = next.pop(); part !== undefined; part = next.pop()) {
    if (part === start) return true;
    if (seen.has(part) || !isMapping(part)) continue;
    seen.add(part);
    next.push(...sameValue(part, lookup));
  }
  return false;
}

/** The schemas that a schema applies to the same value. */
function sameValue(schema: Readonly<Record<string, unknown>>, lookup: Lookup): unknown[] {
  const {
    $ref,
    __absolute_ref__: target,
    allOf,
    anyOf,
    oneOf,
    not,
    if: condition,
    then,
    else: otherwise,
  } = schema as Schema;
  return [
    $ref === undefined ? undefined : lookup[target ?? ''],
    ...[allOf, anyOf, oneOf].flatMap((parts) => (Array.isArray(parts) ? parts : [])),
    not,
    condition,
    then,
    otherwise,
    ...Object.values((schema as Schema).dependentSchemas ?? {}),
  ].filter((part) => part !== undefined);
}

/** Callers send the texts to match, so a pattern must not be able to block the server. */
function patternProblems(pattern: unknown, path: Path): Explained[] {
  const message = patternProblem(String(pattern));
  return message === undefined ? [] : [{ path, message }];
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}
