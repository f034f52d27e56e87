/** The environment of a program: what the file names, and the basics. @module */
import { environmentFor } from '../local/environment.js';
import { ToolError } from '../tool/errors.js';

/** A reference to a variable of the worker, and `$${`, which stands for a literal `${`. */
const REFERENCE = /\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

export interface ProgramEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** The values that came from the worker's own variables. */
  readonly secrets: readonly string[];
}

/** Returns the names of the worker's variables that the values refer to, without duplicates. */
export function variablesIn(values: Readonly<Record<string, string>> = {}): string[] {
  return [
    ...new Set(
      Object.values(values).flatMap((value) => [...value.matchAll(REFERENCE)].flatMap(([, , name]) => name ?? [])),
    ),
  ];
}

/**
 * Resolves the environment of a program on the worker.
 * @throws ToolError if a variable is not set. The message names the variable, never a value
 */
export function programEnvironment(
  values: Readonly<Record<string, string>> = {},
  worker: NodeJS.ProcessEnv = process.env,
): ProgramEnvironment {
  const missing = variablesIn(values).filter((name) => worker[name] === undefined);
  if (missing.length > 0)
    throw new ToolError(
      `The worker's environment has no variable ${missing.join(', ')}. Its operator must set it and restart the worker.`,
    );
  const own = Object.entries(values).map(([name, value]) => [
    name,
    value.replaceAll(
      REFERENCE,
      (_, literal: string | undefined, variable: string) => literal ?? worker[variable] ?? '',
    ),
  ]);
  const basics = Object.entries(environmentFor('run', worker)).filter(([, value]) => value !== undefined);
  return {
    env: Object.fromEntries([...basics, ...own]) as Record<string, string>,
    secrets: variablesIn(values).flatMap((name) => worker[name] ?? []),
  };
}
