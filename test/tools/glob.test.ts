/** The search for a call's files: it means what DuckDB's globs mean, takes linear time, and ends when it should. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFiles } from '../../src/tools/source/find.js';
import { glob, type Search } from '../../src/tools/source/glob.js';

const LONG = 'a'.repeat(240);
const MANY = 2_000;
let root: string;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'mcp-glob-')));
  const files = [
    'x.csv',
    'a/x.csv',
    'a/b/y.csv',
    'a/b/c/z.csv',
    'b/x.csv',
    'ab/xy.csv',
    'a/q]r.csv',
    'a/q[r.csv',
    'a/q^r.csv',
    'a/q-r.csv',
    'a/qar.csv',
    'a/a b.csv',
    'b/línea.csv',
    'b/.hidden/h.csv',
    'b/node_modules/m.csv',
  ];
  for (const file of files) {
    await mkdir(dirname(join(root, 'tree', file)), { recursive: true });
    await writeFile(join(root, 'tree', file), 'x\n1\n');
  }
  await symlink(join(root, 'tree/a'), join(root, 'tree/b/link'));
  await symlink(join(root, 'tree/x.csv'), join(root, 'tree/a/file-link.csv'));
  await symlink(join(root, 'nothing'), join(root, 'tree/a/dangling.csv'));
  await mkdir(join(root, 'many'));
  await Promise.all(
    Array.from({ length: MANY }, async (_, i) => await writeFile(join(root, 'many', `${LONG}${i}`), '')),
  );
}, 60_000);
afterAll(async () => await rm(root, { recursive: true }));

const forever = new AbortController().signal;
const find = async (folder: string, pattern: string, search: Partial<Search> = {}): Promise<string[]> =>
  await glob(join(root, folder), pattern.split('/'), {
    signal: forever,
    mostEntries: 100_000,
    mostFiles: 100_000,
    ...search,
  });

it('finds what DuckDB finds', async () => {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const theirs = async (pattern: string): Promise<string[]> => {
    const result = await connection.run('SELECT file FROM glob($1)', [join(root, 'tree', pattern)]);
    const found = ((await result.getColumns())[0] ?? []).map(String);
    // It also returns a folder if the pattern ends in its name.
    return found.filter((path) => path.endsWith('.csv') && !/\/(\.|node_modules)/.test(path)).sort();
  };
  const part = fc.constantFrom(
    'a',
    'b',
    'c',
    'x',
    'q',
    'r',
    '.csv',
    '*',
    '*',
    '?',
    '[!a]',
    '[a-x]',
    '[]]',
    '[[]',
    '[^a]',
  );
  const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
  const deep = fc.tuple(fc.array(name, { maxLength: 2 }), fc.boolean(), fc.array(name, { maxLength: 2 }));
  const pattern = deep
    .map(([before, any, after]) => [...before, ...(any ? ['**'] : []), ...after].join('/'))
    // DuckDB takes these for something else.
    .filter((text) => /[*?[]/.test(text) && !/(^|[^/])\*\*|\*\*[^/]|\*\*.*\*\*/.test(text));
  try {
    await fc.assert(
      fc.asyncProperty(pattern, async (text) => {
        expect((await find('tree', text)).sort()).toEqual(await theirs(text));
      }),
      {
        numRuns: 500,
        examples: [['**'], ['a/**'], ['**/*.csv'], ['b/*/*.csv'], ['*/x.csv'], ['a/q[]]r.csv'], ['a/*']],
      },
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}, 60_000);

it('takes linear time, however many wildcards there are', async () => {
  const stars = `${'*a'.repeat(30)}*b`;
  expect(await find('many', stars)).toEqual([]);
  expect(await find('many', `${'*a'.repeat(30)}*7`)).toHaveLength(MANY / 10);
  await expect(findFiles([root], `many/${stars}`, forever)).rejects.toThrow('no file matches');
  expect(await find('tree', `${'**/'.repeat(40)}*.csv`)).toHaveLength(14);
});

describe('ends', () => {
  /** A signal that is aborted once `after` entries have been looked at. */
  function abortedAfter(after: number): { signal: AbortSignal; looks: () => number } {
    const { signal } = new AbortController();
    let looks = 0;
    signal.throwIfAborted = (): void => {
      if (++looks === after) throw new Error('cancelled');
    };
    return { signal, looks: () => looks };
  }

  it('in the middle of a folder when it is cancelled', async () => {
    const { signal, looks } = abortedAfter(500);
    await expect(find('many', '*b', { signal })).rejects.toThrow('cancelled');
    expect(looks()).toBe(500);
  });

  it('at the limits, and says so', async () => {
    await expect(find('many', '*b', { mostEntries: MANY - 1 })).rejects.toThrow(
      `the search for files has looked at ${MANY - 1} files and folders, which is the limit; use a narrower pattern`,
    );
    expect(await find('many', '*b', { mostEntries: MANY })).toEqual([]);
    await expect(findFiles([root], 'many/*', forever)).rejects.toThrow(
      'many/*: the search for files has found more than 1000 files, which is the limit; use a narrower pattern',
    );
    await expect(findFiles([root], `many/${'*/'.repeat(60)}x`, forever)).rejects.toThrow('at most 50 folders');
    await expect(findFiles([root], '*'.repeat(5_000), forever)).rejects.toThrow('the limit is 4096');
  });
});
