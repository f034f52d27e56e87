/** The work behind `list_files`. @module */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import type { ToolsConfig } from '../config.js';
import { existingPath } from '../paths.js';
import { knownFormat } from '../source/format.js';
import { describeBeginning } from './beginning.js';
import { MOST_DESCRIBED, MOST_LISTED, type ListArguments, type ListedFile, type ListResult } from './schema.js';
import { search, type Found } from './search.js';

/** How long to read columns before the other files are listed without them, in milliseconds. */
const COLUMNS_TIME = 10_000;

interface Entry {
  /** The path that a caller passes to a tool. */
  readonly path: string;
  readonly real: string;
}

/** @throws ToolError if the path does not exist, is outside the roots, or refers to too much */
export async function listFiles(config: ToolsConfig, args: ListArguments, signal: AbortSignal): Promise<ListResult> {
  const found = await search(config.roots, args.path, signal);
  const notes: string[] = [];
  const folders = await accessible(config.roots, found.folders.slice(0, MOST_LISTED));
  if (found.folders.length > MOST_LISTED)
    notes.push(`${found.folders.length - MOST_LISTED} more folders: use a pattern such as "a*/*"`);
  const rest = found.files.filter(({ way }) => args.after === undefined || shown(way) > args.after);
  const page = rest.slice(0, MOST_LISTED);
  const files = await accessible(config.roots, page);
  const listed = await described(config, args, files, { notes, signal });
  // If some of the page is not accessible, its last file still says where the next page begins.
  return {
    folders: args.after === undefined ? folders.map(({ path }) => path) : [],
    files: listed,
    more: rest.length > page.length,
    notes,
  };
}

/** Leaves out what leads out of the roots, has vanished, or is hidden by a file of an earlier root with the same path. */
async function accessible(roots: readonly string[], found: readonly Found[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const { way, root } of found) {
    const path = shown(way);
    try {
      const real = await existingPath([root], way);
      if (roots.length === 1 || (await existingPath(roots, way)) === real) entries.push({ path, real });
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
    }
  }
  return entries;
}

async function described(
  config: ToolsConfig,
  args: ListArguments,
  entries: readonly Entry[],
  { notes, signal }: { readonly notes: string[]; readonly signal: AbortSignal },
): Promise<ListedFile[]> {
  const files: ListedFile[] = [];
  const until = Date.now() + COLUMNS_TIME;
  let read = 0;
  let without = 0;
  for (const { path, real } of entries) {
    signal.throwIfAborted();
    const { size, mtime } = await stat(real);
    const format = knownFormat(real);
    const wanted = format !== undefined && args.columns;
    const fits = read < MOST_DESCRIBED && Date.now() < until;
    if (wanted && fits) read++;
    if (wanted && !fits) without++;
    files.push({
      path,
      bytes: size,
      modified: mtime.toISOString(),
      ...(format ? { format, ...compression(real) } : {}),
      ...(wanted && fits ? await describeBeginning(config, { path: real, format, size }, signal) : {}),
    });
  }
  if (without > 0)
    notes.push(`the columns of ${without} files are left out; list those files by their paths or a narrower pattern`);
  return files;
}

function compression(path: string): Pick<ListedFile, 'compression'> {
  if (/\.gz$/i.test(path)) return { compression: 'gzip' };
  return /\.zst$/i.test(path) ? { compression: 'zstd' } : {};
}

/** Returns a path below a root as callers write it. */
function shown(way: string): string {
  return join(way).replaceAll('\\', '/');
}
