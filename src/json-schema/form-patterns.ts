/** Finds the patterns of a schema that cannot be used. Pure, and safe in the workflow sandbox. @module */
import { dereference, type Schema } from '@cfworker/json-schema';
import type { JsonSchema } from './json-schema.js';
import { patternProblem } from './pattern.js';
import { quoted } from './problem.js';

/** Names the first pattern of a schema that cannot be used, and says why; `undefined` if all can be used. */
export function unusablePattern(schema: JsonSchema): string | undefined {
  for (const part of Object.values<Schema | boolean>(dereference(schema))) {
    if (typeof part === 'boolean') continue;
    const sources = [
      ...(part.pattern === undefined ? [] : [part.pattern]),
      ...Object.keys(part.patternProperties ?? {}),
    ];
    for (const source of sources) {
      const problem = patternProblem(source);
      if (problem !== undefined) return `the pattern "${quoted(source)}": ${problem}`;
    }
  }
  return undefined;
}
