/** Finds what a call of `list_files` refers to, in every root. @module */
import type { Dirent } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { existingPath } from '../paths.js';
import { isPrivate } from '../private-names.js';
import { LONGEST_SOURCE, MOST_ENTRIES } from '../source/find.js';
import { glob, WILDCARD } from '../source/glob.js';

/** A file or folder: its path below its root, and that root. */
export interface Found {
  readonly way: string;
  readonly root: string;
}

export interface FoundEntries {
  readonly folders: readonly Found[];
  readonly files: readonly Found[];
}

/**
 * Returns the files and subfolders of a folder, the files that a pattern matches, or a single file. Unlike the search
 * for a `source`, looks into every root.
 *
 * @throws ToolError if the path does not exist in any root or is outside them, or if the search would look at more than
 *   100,000 files and folders
 */
export async function search(roots: readonly string[], path: string, signal: AbortSignal): Promise<FoundEntries> {
  if (path.length > LONGEST_SOURCE)
    throw new ToolError(`the path has ${path.length} characters, but the limit is ${LONGEST_SOURCE}`);
  const folders: Found[] = [];
  const files: Found[] = [];
  const errors: ToolError[] = [];
  for (const given of roots) {
    try {
      const root = await realpath(given).catch(() => given);
      const found = await inRoot(root, path, signal);
      folders.push(...found.folders.map((way) => ({ way, root })));
      files.push(...found.files.map((way) => ({ way, root })));
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      errors.push(error);
    }
  }
  if (errors.length < roots.length) return { folders: sorted(folders), files: sorted(files) };
  // The error of a search in all roots names all of them.
  if (!WILDCARD.test(path)) await existingPath(roots, path);
  throw errors[0] ?? new ToolError('this tool may not access any folder: set MCP_TASKS_ROOTS for the worker');
}

interface Ways {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

async function inRoot(root: string, path: string, signal: AbortSignal): Promise<Ways> {
  const exact = await existingPath([root], path).catch((error: unknown) => {
    if (error instanceof ToolError && WILDCARD.test(path)) return undefined;
    throw error;
  });
  if (exact === undefined) return { folders: [], files: await matching(root, path, signal) };
  if (!(await stat(exact)).isDirectory()) return { folders: [], files: [relative(root, exact)] };
  return await childrenOf(root, exact, signal);
}

async function matching(root: string, path: string, signal: AbortSignal): Promise<string[]> {
  const parts = path.split(/[/\\]/);
  const wild = parts.findIndex((part) => WILDCARD.test(part));
  if (parts.slice(wild).includes('..')) throw new ToolError(`${path}: ".." is not allowed after a wildcard`);
  const fixed = path.slice(0, parts.slice(0, wild).join('/').length + (wild > 0 ? 1 : 0));
  const folder = await existingPath([root], fixed === '' ? '.' : fixed);
  const found = await glob(folder, parts.slice(wild), { signal, mostEntries: MOST_ENTRIES, mostFiles: MOST_ENTRIES });
  return found.map((file) => relative(root, file));
}

async function childrenOf(root: string, folder: string, signal: AbortSignal): Promise<Ways> {
  const folders: string[] = [];
  const files: string[] = [];
  let entries = 0;
  for await (const entry of await opendir(folder)) {
    signal.throwIfAborted();
    if (++entries > MOST_ENTRIES)
      throw new ToolError(`the folder has more than ${MOST_ENTRIES} entries; use a pattern such as "a*"`);
    if (isPrivate(entry.name)) continue;
    const way = relative(root, join(folder, entry.name));
    if (await isFolder(entry, join(folder, entry.name))) folders.push(way);
    else files.push(way);
  }
  return { folders, files };
}

async function isFolder(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function sorted(found: readonly Found[]): Found[] {
  return found.toSorted((a, b) => (a.way < b.way ? -1 : Number(a.way > b.way)));
}
