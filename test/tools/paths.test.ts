import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { existingPath, newPath } from '../../src/tools/paths.js';
import { findFiles } from '../../src/tools/source/find.js';

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

test('a path inside is found by relative or absolute name, and through a symlink that stays inside', async () => {
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
])('a way out is refused: %j', async (path) => {
  await expect(existingPath([root], path)).rejects.toThrow('outside the folders this tool may use');
});

test('a missing file inside is told as such', async () => {
  await expect(existingPath([root], 'none.csv')).rejects.toThrow('none.csv: no such file in the configured roots');
  await expect(existingPath([], 'a.csv')).rejects.toThrow('MCP_TASKS_ROOTS');
});

test('a new file goes into an existing folder inside', async () => {
  expect(await newPath([root], 'in/new.csv')).toBe(join(root, 'in/new.csv'));
  await expect(newPath([root], 'up/new.csv')).rejects.toThrow('outside');
  await expect(newPath([root], '../new.csv')).rejects.toThrow('outside');
  await expect(newPath([root], 'none/new.csv')).rejects.toThrow('no such file');
});

test('a glob gives the files it matches, sorted, and only inside', async () => {
  expect(await findFiles([root], 'in/*.csv')).toEqual(
    ['[x].csv', 'b.csv', 'c.csv'].map((name) => join(root, 'in', name)),
  );
  expect(await findFiles([root], join(root, '**/*.csv').replace('**', 'in'))).toHaveLength(3);
  await expect(findFiles([root], '*.csv')).rejects.toThrow('outside');
  await expect(findFiles([root], '../*.csv')).rejects.toThrow('outside');
  await expect(findFiles([root], 'i*/../../*.csv')).rejects.toThrow('no ".." behind a wildcard');
  await expect(findFiles([root], 'in/*.parquet')).rejects.toThrow('no file matches');
  await expect(findFiles([root], 'in')).rejects.toThrow('is not a file');
});

test('a name with wildcard characters that exists is that file', async () => {
  expect(await findFiles([root], 'in/[x].csv')).toEqual([join(root, 'in/[x].csv')]);
  expect(await findFiles([root], 'in/2024[1]/d.csv')).toEqual([join(root, 'in/2024[1]/d.csv')]);
});

test('what lies under a dot or in node_modules below a root is closed; a root itself may lie there', async () => {
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
    await expect(findFiles([root], path)).rejects.toThrow(/closed to this tool|no file matches/);
  }
  for (const path of ['.env', '.mcp-tasks/new.csv', 'shown/new.csv', 'node_modules/new.csv']) {
    await expect(newPath([root], path)).rejects.toThrow(
      /: names that begin with "." and node_modules are closed to this tool$/,
    );
  }
  expect(await findFiles([root], 'deep/**')).toEqual([join(root, 'deep/y.csv')]);
  expect(await findFiles([data], 's.csv')).toEqual([join(data, 's.csv')]);
  expect(await findFiles([root, data], join(data, '*.csv'))).toEqual([join(data, 's.csv')]);
});

test('a path that no attempt will ever open is told without the absolute path', async () => {
  await symlink(join(root, 'circle'), join(root, 'circle'));
  await expect(existingPath([root], 'circle')).rejects.toThrow(/^circle: its symbolic links lead in a circle$/);
  const long = 'x'.repeat(300);
  await expect(existingPath([root], long)).rejects.toThrow(new RegExp(`^${long}: the name is too long$`));
});
