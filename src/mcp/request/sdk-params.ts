/**
 * Parameters that an SDK's own schemas refuse. Both SDKs report them as internal errors, with all of Zod's issues.
 * @module
 */
import { invalidParams } from '../../protocol/errors.js';
import { problemsIn } from '../../tool/schema.js';

type Issues = Parameters<typeof problemsIn>[0];

/** Returns the SDK's handler, which then answers wrong parameters with -32602 and the first ten problems. */
export function refusingParams<Given extends readonly unknown[], Result>(
  handler: (...given: Given) => Promise<Result>,
): (...given: Given) => Promise<Result> {
  return async (...given) => {
    try {
      return await handler(...given);
    } catch (error) {
      const issues = issuesOf(error);
      if (!issues) throw error;
      throw invalidParams(`Invalid request: ${problemsIn(issues)}`);
    }
  };
}

/** The v1 SDK throws Zod's error, the v2 SDK an error with its message: the issues as JSON. */
function issuesOf(error: unknown): Issues | undefined {
  if (!(error instanceof Error) || !(error.name === 'ZodError' || error.message.startsWith('['))) return undefined;
  try {
    const issues: unknown = JSON.parse(error.message);
    return Array.isArray(issues) && issues.every(isIssue) ? issues : undefined;
  } catch {
    return undefined;
  }
}

function isIssue(value: unknown): value is Issues[number] {
  const { path, message } = (value ?? {}) as { path?: unknown; message?: unknown };
  return Array.isArray(path) && typeof message === 'string';
}
