/** Finds this project's tests by the names that `2026-07-28/` uses. @module */
import { relative, resolve } from 'node:path';
import { z } from 'zod';

export interface OwnTest {
  /** The path of the test file, relative to the repository. */
  readonly file: string;
  /** The titles as written in the source, suites first. The outermost may be omitted. */
  readonly titles: readonly string[];
}

export function ownTest(reference: string): OwnTest {
  const [file = '', ...titles] = reference.split(' > ');
  return { file: `${file}.test.ts`, titles };
}

/** The fields of vitest's JSON report that are used here. */
export const VitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(
        z.object({ ancestorTitles: z.array(z.string()), title: z.string(), status: z.string() }),
      ),
    }),
  ),
});
export type VitestReport = z.infer<typeof VitestReport>;

/**
 * Checks whether all tests that `reference` stands for have passed. An `each`, or a test that runs for both adapters,
 * is several tests. Skipped ones are ignored, but at least one must have run.
 * @throws Error if the report has no such test
 */
export function hasPassed(reference: string, { testResults }: VitestReport): boolean {
  const { file, titles } = ownTest(reference);
  const patterns = titles.map(pattern);
  const inFile = testResults
    .filter(({ name }) => relative(resolve(), name) === file)
    .flatMap(({ assertionResults }) => assertionResults);
  const meant = inFile.filter(({ ancestorTitles, title }) => {
    const seen = [...ancestorTitles, title].slice(-patterns.length);
    return seen.length === patterns.length && patterns.every((fits, index) => fits.test(seen[index] ?? ''));
  });
  if (meant.length === 0) throw new Error(`no result for the test ${reference}`);
  const run = meant.filter(({ status }) => status !== 'skipped' && status !== 'pending');
  return run.length > 0 && run.every(({ status }) => status === 'passed');
}

/** Matches the titles that `each` makes from this one: `%s`, `%j` and `%o` stand for any value. */
function pattern(title: string): RegExp {
  const literal = title.split(/%[sjo]/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('.*')}$`, 's');
}
