/** Explains what to write instead of a value that does not match the configuration's schema. Pure. @module */
import type { z } from 'zod';
import { gatewayJsonSchema } from './config.js';
import type { Path } from './problem.js';
import { similarTo } from '../task/similar.js';

type Issue = z.core.$ZodIssue;
interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly additionalProperties?: Described | boolean;
  readonly items?: Described;
  readonly anyOf?: readonly Described[];
  readonly required?: readonly string[];
}

export interface Explained {
  readonly path: Path;
  /** The key at fault in the mapping at `path`. */
  readonly key?: string;
  readonly message: string;
}

/** Explains one schema issue. There may be several things to fix. */
export function explain(issue: Issue, before: Path = []): Explained[] {
  const path = [...before, ...(issue.path as Path)];
  const what = describedAt(path);
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(propertiesOf(what));
    const help = (key: string): string => {
      // `input` takes a schema directly, but `output` takes it under `schema`.
      if (path.at(-1) === 'output' && path.length === 3)
        return ': a JSON Schema stands under `schema` here, or in a file';
      const meant = similarTo(key, known);
      return meant === undefined ? `; known here are: ${known.join(', ')}` : `: did you mean "${meant}"?`;
    };
    return issue.keys.map((key) => ({ path, key, message: `unknown key "${key}"${help(key)}` }));
  }
  if (issue.code === 'invalid_union') {
    const branch = closest(issue.errors);
    if (branch) return branch.flatMap((inner) => explain(inner, path));
  }
  const name = String(path.at(-1) ?? 'the file');
  const help = what?.description ? ` (${name}: ${what.description})` : '';
  const found = expectedOf(issue);
  if (found?.received === 'undefined') return [{ path, message: `"${name}" is missing${help}` }];
  if (found?.received === 'null')
    return [{ path, message: `${name}: nothing is written here: write a value, or leave "${name}" out${help}` }];
  if (found)
    return [
      {
        path,
        message: `${name}: ${found.expected.map((type) => KINDS[type] ?? type).join(' or ')} is needed${found.expected.includes('string') ? ', in quotes where it looks like something else' : ''}${help}`,
      },
    ];
  return [
    {
      path,
      message: `${name}: ${issue.code === 'too_small' && issue.minimum === 1 ? `it is empty: write ${issue.origin === 'array' ? 'at least one' : 'a text'}` : issue.message}${help}`,
    },
  ];
}

/** Plain names for the types that the schema asks for. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list (each entry begins with "- ")',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
};

/** Returns the expected types and the one found if the issue is a wrong type, else `undefined`. */
function expectedOf(issue: Issue): { expected: readonly string[]; received: string | undefined } | undefined {
  const kinds = issue.code === 'invalid_union' ? issue.errors.flat() : [issue];
  const expected = kinds.flatMap((kind) =>
    kind.code === 'invalid_type' && kind.path.length === (issue.code === 'invalid_union' ? 0 : issue.path.length)
      ? [kind.expected]
      : [],
  );
  return expected.length > 0
    ? { expected: [...new Set(expected)], received: /received (\w+)$/.exec(kinds[0]?.message ?? '')?.[1] }
    : undefined;
}

/** Returns the alternative that the author meant: the first one whose issues lie inside the value, not in its type. */
function closest(errors: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return errors.find((issues) => issues.every(({ code, path }) => path.length > 0 || code !== 'invalid_type'));
}

function describedAt(path: Path): Described | undefined {
  return path.reduce<Described | undefined>((within, key) => {
    if (typeof key === 'number') return within?.items;
    const { additionalProperties } =
      alternatives(within).find(({ additionalProperties: more }) => typeof more === 'object') ?? {};
    return propertiesOf(within)[key] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
  }, gatewayJsonSchema() as Described);
}

function propertiesOf(what: Described | undefined): Readonly<Record<string, Described>> {
  return alternatives(what).find(({ properties }) => properties)?.properties ?? {};
}

function alternatives(what: Described | undefined): readonly Described[] {
  return what ? [what, ...(what.anyOf ?? [])] : [];
}
