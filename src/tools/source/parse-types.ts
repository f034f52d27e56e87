/** Parses the column types that a caller has chosen. @module */
import { ToolError } from '../../tool/errors.js';
import { allowedTypes, knownType, type ChosenTypes } from './chosen-types.js';

/**
 * Returns the chosen types as DuckDB prints them.
 *
 * @throws ToolError if a type is not one that a caller may choose. Types become part of SQL, so they are checked here
 * too
 */
export function parseTypes(types: ChosenTypes = {}): Map<string, string> {
  return new Map(
    Object.entries(types).map(([name, type]) => {
      const known = knownType(type);
      if (known === undefined)
        throw new ToolError(`types: "${type}" for column "${name}" is not supported; use one of: ${allowedTypes()}`);
      return [name, known];
    }),
  );
}
