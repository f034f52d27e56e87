/** Finds the files that a call's `source` refers to. @module */
import { realpath, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { containing, contents } from '../nearby.js';
import { displayFolder, existingPath, wayOut } from '../paths.js';
import { glob, WILDCARD } from './glob.js';

/** Maximum number of files: more would not fit into the history of the task that pins them. */
export const MOST_FILES = 1_000;
/** How many files and folders a search looks at. */
export const MOST_ENTRIES = 100_000;
/** The maximum length of a source, in characters: the limit of paths in Linux. */
export const LONGEST_SOURCE = 4_096;

/**
 * Returns the real path of a file, or the sorted real paths of all files that a glob (`*`, `?`, `[…]`, `**`) matches.
 * If a file with exactly this name exists, wildcard characters in the name are taken literally.
 *
 * @param signal ends the search
 * @throws ToolError if nothing matches, a match is outside the roots or not a file, there are more than 1000, or the
 *   search would look at more than 100,000 files and folders; the signal's reason
 */
export async function findFiles(roots: readonly string[], source: string, signal: AbortSignal): Promise<string[]> {
  if (source.length > LONGEST_SOURCE)
    throw new ToolError(
      `the source has ${source.length} characters, but the limit is ${LONGEST_SOURCE}; use a shorter path`,
    );
  if (!WILDCARD.test(source)) return [await file(roots, source)];
  try {
    return [await file(roots, source)];
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
  }
  const parts = source.split(/[/\\]/);
  const wild = parts.findIndex((part) => WILDCARD.test(part));
  if (parts.slice(wild).includes('..')) throw new ToolError(`${source}: ".." is not allowed after a wildcard`);
  const fixed = source.slice(0, parts.slice(0, wild).join('/').length + (wild > 0 ? 1 : 0));
  const folder = await existingPath(roots, fixed === '' ? '.' : fixed);
  const search = { signal, mostEntries: MOST_ENTRIES, mostFiles: MOST_FILES };
  const matches = await glob(folder, parts.slice(wild), search).catch((error: unknown) => {
    throw error instanceof ToolError ? new ToolError(`${source}: ${error.message}`) : error;
  });
  const files = new Set<string>();
  // One after another: the threads that access files are shared with everything else in this process.
  for (const match of matches) {
    signal.throwIfAborted();
    const shown = await wayOut(roots, folder, relative(folder, match));
    files.add(await file(roots, match, `${fixed}${shown}`));
  }
  if (files.size === 0) throw await noMatch(roots, source, folder);
  return [...files].sort();
}

async function noMatch(roots: readonly string[], source: string, folder: string): Promise<ToolError> {
  const real = await Promise.all(roots.map(async (root) => await realpath(root).catch(() => root)));
  return new ToolError(
    `${source}: no file matches in ${displayFolder(real, folder)}; ${containing(await contents(folder))}`,
  );
}

async function file(roots: readonly string[], path: string, shown = path): Promise<string> {
  const real = await existingPath(roots, path, shown);
  const stats = await stat(real);
  if (!stats.isFile())
    throw new ToolError(`${shown} is not a file; for the files of a folder, use a pattern such as "${shown}/*.csv"`);
  return real;
}
