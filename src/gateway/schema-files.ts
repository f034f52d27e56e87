/** Reads and checks the JSON Schemas of a gateway file, which may be in files of their own. @module */
import { resolve } from 'node:path';
import type { JsonSchema } from '../tool/json-schema.js';
import type { Explained } from './explain.js';
import { readNamed } from './named-file.js';
import type { Path } from './problem.js';
import { isMapping, schemaProblems } from './schema-checks.js';
import { YamlFile } from './yaml-file.js';

/** A schema in a configuration. */
export interface GivenSchema {
  /** The schema, or the name of its file. */
  readonly given: string | JsonSchema;
  /** Where it is in the configuration. */
  readonly at: Path;
}

export interface ReadSchema {
  readonly schema: JsonSchema;
  readonly problems: readonly Explained[];
  /** The absolute path of its file, if it has one. */
  readonly files: readonly string[];
}

/**
 * Checks a schema, and reads it first if a file name is given.
 * @param dir the directory that the name is relative to
 */
export async function readSchema({ given, at }: GivenSchema, dir: string): Promise<ReadSchema> {
  if (typeof given === 'object')
    return {
      schema: given,
      problems: schemaProblems(given).map((problem) => ({ ...problem, path: [...at, ...problem.path] })),
      files: [],
    };
  const files = [resolve(dir, given)];
  try {
    const yaml = new YamlFile((await readNamed(given, dir)).toString());
    const wrong =
      yaml.problems.length > 0
        ? yaml.problems
        : schemaProblems(yaml.value).map(({ path, message }) => yaml.problem(path, message));
    const problems = wrong.map(({ line, column, message }) => ({
      path: at,
      message: `${given}:${line}:${column}: ${message}`,
    }));
    return { schema: problems.length > 0 ? {} : (yaml.value as JsonSchema), problems, files };
  } catch (error) {
    return { schema: {}, problems: [{ path: at, message: (error as Error).message }], files };
  }
}

/**
 * Finds the schemas in a configuration that is invalid elsewhere, so that their problems are reported as well.
 * @param config anything
 * @param invalid the places that have been reported
 */
export function schemasIn(config: unknown, invalid: readonly Path[]): readonly GivenSchema[] {
  const { tools } = mapping(config);
  return (Array.isArray(tools) ? tools : []).flatMap((tool: unknown, index) => {
    const { input, output, inputs } = mapping(tool);
    const path = ['tools', index];
    const places: readonly (readonly [given: unknown, at: Path])[] = [
      [input, [...path, 'input']],
      isMapping(output) ? [output['schema'], [...path, 'output', 'schema']] : [output, [...path, 'output']],
      ...Object.entries(mapping(inputs)).map(
        ([name, question]) => [mapping(question)['schema'], [...path, 'inputs', name, 'schema']] as const,
      ),
    ];
    return places.flatMap(([given, at]) =>
      isGiven(given) && !invalid.some((place) => isWithin(place, at))
        ? [{ given: typeof given === 'string' ? given.trim() : given, at }]
        : [],
    );
  });
}

function isGiven(given: unknown): given is string | JsonSchema {
  return typeof given === 'string' || isMapping(given);
}

function isWithin(path: Path, at: Path): boolean {
  return at.every((key, index) => path[index] === key);
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return isMapping(value) ? value : {};
}
