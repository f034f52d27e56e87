/** Tests of this project by their names, as `rules-2026-07-28/` refers to them. @module */
import { relative, resolve } from 'node:path';
import { z } from 'zod';

export interface OwnTest {
  /** Relative to the repository. */
  readonly file: string;
  /** The titles as the source has them, of the suites first; the outermost may be left out. */
  readonly titles: readonly string[];
}

export function ownTest(reference: string): OwnTest {
  const [file = '', ...titles] = reference.split(' > ');
  return { file: `test/${file}.test.ts`, titles };
}

/** Vitest's JSON report, as far as it is read. */
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
 * Whether all tests that `reference` stands for have passed: an `each` is several, and so is a test that is run for both
 * adapters, but for those that are skipped for one of them.
 * @throws Error if there is none
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
  if (meant.length === 0) throw new Error(`there is no result of the test ${reference}`);
  const run = meant.filter(({ status }) => status !== 'skipped' && status !== 'pending');
  return run.length > 0 && run.every(({ status }) => status === 'passed');
}

/** What `each` makes of a title: `%s` and the like stand for values. */
function pattern(title: string): RegExp {
  const literal = title.split(/%[sjo]/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('.*')}$`, 's');
}
