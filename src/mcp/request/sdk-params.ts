/**
 * Parameters that an SDK's own schemas refuse. Both SDKs report them as internal errors, with all of Zod's issues.
 * @module
 */
import { invalidParams } from '../../protocol/errors.js';
import { problemsIn } from '../../tool/schema.js';

type Issues = Parameters<typeof problemsIn>[0];

/**
 * Returns the SDK's handler, which then answers wrong parameters with -32602 and the first ten problems.
 * @param issuesOf returns what the SDK's error lists, if it is one about parameters. Each seam knows its SDK's errors
 */
export function refusingParams<Given extends readonly unknown[], Result>(
  handler: (...given: Given) => Promise<Result>,
  issuesOf: (error: Error) => unknown,
): (...given: Given) => Promise<Result> {
  return async (...given) => {
    try {
      return await handler(...given);
    } catch (error) {
      const issues = error instanceof Error ? issuesOf(error) : undefined;
      if (!areIssues(issues)) throw error;
      throw invalidParams(`Invalid request: ${problemsIn(issues)}`);
    }
  };
}

function areIssues(value: unknown): value is Issues {
  return Array.isArray(value) && value.every(isIssue);
}

function isIssue(value: unknown): value is Issues[number] {
  const { path, message } = (value ?? {}) as { path?: unknown; message?: unknown };
  return Array.isArray(path) && typeof message === 'string';
}
