import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { existingPath, newPath } from '../../src/tools/paths.js';
import { findFiles as findUntil } from '../../src/tools/source/find.js';

const { signal } = new AbortController();
const findFiles = async (roots: readonly string[], source: string): Promise<string[]> =>
  await findUntil(roots, source, signal);

let base: string;
let root: string;

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'mcp-paths-')));
  root = join(base, 'root');
  await mkdir(join(root, 'in', '2024[1]'), { recursive: true });
  await mkdir(join(base, 'root-not'));
  for (const file of [
    'root/a.csv',
    'root/in/b.csv',
    'root/in/c.csv',
    'root/in/[x].csv',
    'root/in/2024[1]/d.csv',
    'secret.csv',
    'root-not/e.csv',
  ]) {
    await writeFile(join(base, file), 'a\n1\n');
  }
  await symlink(join(base, 'secret.csv'), join(root, 'link.csv'));
  await symlink(base, join(root, 'up'));
  await symlink(join(root, 'in'), join(root, 'inside'));
});

afterAll(async () => await rm(base, { recursive: true }));

test('a path inside the roots is found: relative, absolute, or through a symlink that stays inside', async () => {
  expect(await existingPath([root], 'a.csv')).toBe(join(root, 'a.csv'));
  expect(await existingPath([root], join(root, 'in/../a.csv'))).toBe(join(root, 'a.csv'));
  expect(await existingPath([root], 'inside/b.csv')).toBe(join(root, 'in/b.csv'));
  expect(await existingPath([join(root, 'in'), root], 'a.csv')).toBe(join(root, 'a.csv'));
});

test.each([
  '../secret.csv',
  '/etc/passwd',
  '/no/such/file',
  'in/../../secret.csv',
  'link.csv',
  'up/secret.csv',
  '../root-not/e.csv',
  'a\0.csv',
])('a path out of the roots is refused: %j', async (path) => {
  await expect(existingPath([root], path)).rejects.toThrow(
    `${path} is outside the folders this tool may access ("root")`,
  );
});

test('an error about a missing file names the folder without its location, and names that are close', async () => {
  const others = 'it contains "a.csv", "in", "inside", "link.csv", "up"; call list_files to see what there is';
  for (const [path, message] of [
    ['none', `none: no such file or folder in "root"; ${others}`],
    ['b.csv', 'b.csv: no such file or folder in "root"; did you mean "a.csv"?'],
    ['in/d.csv', 'in/d.csv: no such file or folder in "root/in"; did you mean "b.csv" or "c.csv"?'],
    ['inn/2024/b.csv', 'inn/2024/b.csv: no such file or folder in "root"; did you mean "in"?'],
    [
      join(root, 'in/2024/x'),
      `${join(root, 'in/2024/x')}: no such file or folder in "root/in"; did you mean "2024[1]"?`,
    ],
  ] as const)
    await expect(existingPath([root], path)).rejects.toThrow(message);
  await expect(existingPath([join(base, 'gone')], 'a.csv')).rejects.toThrow(
    /^the folder "gone" does not exist on the worker$/,
  );
  await expect(existingPath([], 'a.csv')).rejects.toThrow('MCP_TASKS_ROOTS');
});

test('with several folders, an error about a missing file names the one that has most of its path', async () => {
  const error = '2024[1]/e.csv: no such file or folder in "in/2024[1]"; did you mean "d.csv"?';
  for (const roots of [
    [join(base, 'root-not'), join(root, 'in')],
    [join(root, 'in'), join(base, 'root-not')],
  ])
    await expect(existingPath(roots, '2024[1]/e.csv')).rejects.toThrow(error);
});

test('an error about a missing file reveals nothing behind a link that leads outside, and no private names', async () => {
  for (const path of ['up/none.csv', 'up/root-not/none.csv', 'link.csv/x'])
    await expect(existingPath([root], path)).rejects.toThrow(`${path} is outside the folders this tool may access`);
  const home = join(base, 'home');
  await mkdir(join(home, '.ssh'), { recursive: true });
  await writeFile(join(home, '.token.csv'), '');
  await expect(existingPath([home], 'token.csv')).rejects.toThrow(
    /^token\.csv: no such file or folder in "home"; it contains no files; call list_files/,
  );
  await expect(existingPath([home], '.ssh/id')).rejects.toThrow('this tool may not access node_modules or names');
});

test('a new file needs an existing folder inside the roots', async () => {
  expect(await newPath([root], 'in/new.csv')).toBe(join(root, 'in/new.csv'));
  await expect(newPath([root], 'up/new.csv')).rejects.toThrow('outside');
  await expect(newPath([root], '../new.csv')).rejects.toThrow('outside');
  await expect(newPath([root], 'none/new.csv')).rejects.toThrow('none: no such file or folder in "root"');
});

test('a glob returns the files it matches, sorted, and only inside the roots', async () => {
  expect(await findFiles([root], 'in/*.csv')).toEqual(
    ['[x].csv', 'b.csv', 'c.csv'].map((name) => join(root, 'in', name)),
  );
  expect(await findFiles([root], join(root, '**/*.csv').replace('**', 'in'))).toHaveLength(3);
  await expect(findFiles([root], '*.csv')).rejects.toThrow(/^link\.csv is outside/);
  await expect(findFiles([root], '../*.csv')).rejects.toThrow('outside');
  await expect(findFiles([root], 'i*/../../*.csv')).rejects.toThrow('".." is not allowed after a wildcard');
  await expect(findFiles([root], 'in/*.parquet')).rejects.toThrow(
    'in/*.parquet: no file matches in "root/in"; it contains "2024[1]", "[x].csv", "b.csv", "c.csv"; call list_files',
  );
  await expect(findFiles([root], 'in')).rejects.toThrow(
    /^in is not a file; for the files of a folder, use a pattern such as "in\/\*\.csv"$/,
  );
});

test('a wildcard that leads outside by a symlinked folder names the link, and nothing behind it', async () => {
  for (const pattern of ['*/secret.csv', 'u*/*.csv', 'u*/root-not/e.csv']) {
    await expect(findFiles([root], pattern)).rejects.toThrow(
      /^up is outside the folders this tool may access \("root"\)$/,
    );
  }
});

test('a name with wildcard characters is taken literally if such a file exists', async () => {
  expect(await findFiles([root], 'in/[x].csv')).toEqual([join(root, 'in/[x].csv')]);
  expect(await findFiles([root], 'in/2024[1]/d.csv')).toEqual([join(root, 'in/2024[1]/d.csv')]);
});

test('dot folders and node_modules below a root are closed, but a root itself may be inside one', async () => {
  const data = join(root, 'node_modules', 'sample', 'data');
  await mkdir(data, { recursive: true });
  await mkdir(join(root, '.mcp-tasks'));
  await mkdir(join(root, 'deep', '.git'), { recursive: true });
  for (const path of ['node_modules/sample/data/s.csv', '.mcp-tasks/key', 'deep/.git/x.csv', 'deep/y.csv'])
    await writeFile(join(root, path), 'a\n1\n');
  await symlink(join(root, '.mcp-tasks'), join(root, 'shown'));
  for (const path of [
    '.mcp-tasks/key',
    'shown/key',
    'node_modules/sample/data/s.csv',
    join(root, 'deep/.git/x.csv'),
    '.mcp-*/key',
  ]) {
    await expect(findFiles([root], path)).rejects.toThrow(/this tool may not access|no file matches/);
  }
  for (const path of ['.env', '.mcp-tasks/new.csv', 'shown/new.csv', 'node_modules/new.csv']) {
    await expect(newPath([root], path)).rejects.toThrow(
      /: this tool may not access node_modules or names that start with "\."$/,
    );
  }
  expect(await findFiles([root], 'deep/**')).toEqual([join(root, 'deep/y.csv')]);
  expect(await findFiles([data], 's.csv')).toEqual([join(data, 's.csv')]);
  expect(await findFiles([root, data], join(data, '*.csv'))).toEqual([join(data, 's.csv')]);
});

test('a path that can never be opened fails without revealing the absolute path', async () => {
  await symlink(join(root, 'circle'), join(root, 'circle'));
  await expect(existingPath([root], 'circle')).rejects.toThrow(/^circle: its symbolic links form a loop$/);
  const long = 'x'.repeat(300);
  await expect(existingPath([root], long)).rejects.toThrow(new RegExp(`^${long}: the name is too long$`));
});
