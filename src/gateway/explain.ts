/** Says of a value that does not fit the configuration's schema what to write instead. Pure. @module */
import type { z } from 'zod';
import { gatewayJsonSchema } from './config.js';
import type { Path } from './problem.js';

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
  /** The key of what is at `path` that is meant. */
  readonly key?: string;
  readonly message: string;
}

/** One issue of the schema's as what to mend, which may be several things. */
export function explain(issue: Issue, before: Path = []): Explained[] {
  const path = [...before, ...(issue.path as Path)];
  const what = describedAt(path);
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(propertiesOf(what)).join(', ');
    return issue.keys.map((key) => ({ path, key, message: `unknown key "${key}"; known here are: ${known}` }));
  }
  if (issue.code === 'invalid_union') {
    const branch = closest(issue.errors);
    if (branch) return branch.flatMap((inner) => explain(inner, path));
  }
  const name = String(path.at(-1) ?? 'the file');
  const help = what?.description ? ` (${name}: ${what.description})` : '';
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return [{ path, message: `"${name}" is missing${help}` }];
  return [{ path, message: `${name}: ${issue.message.replace('Invalid input: ', '')}${help}` }];
}

/** Of the alternatives, the one that something was written of: whose problem is not with the value as a whole. */
function closest(errors: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return errors.find((issues) => issues.every(({ code, path }) => path.length > 0 || code !== 'invalid_type'));
}

function describedAt(path: Path): Described | undefined {
  return path.reduce<Described | undefined>((within, key) => {
    if (typeof key === 'number') return within?.items;
    const { additionalProperties } = alternatives(within).find(({ additionalProperties: more }) => typeof more === 'object') ?? {};
    return propertiesOf(within)[key] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
  }, gatewayJsonSchema() as Described);
}

function propertiesOf(what: Described | undefined): Readonly<Record<string, Described>> {
  return alternatives(what).find(({ properties }) => properties)?.properties ?? {};
}

function alternatives(what: Described | undefined): readonly Described[] {
  return what ? [what, ...(what.anyOf ?? [])] : [];
}
