/** Finds the files below a folder that a pattern matches. @module */
import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RE2JS } from 're2js';
import { ToolError } from '../../tool/errors.js';
import { isPrivate } from '../private-names.js';

/** Characters with a meaning in patterns. */
export const WILDCARD = /[*?[]/;

/** The maximum number of folders in a pattern, because each entry is compared with every one that it may match. */
export const MOST_SEGMENTS = 50;

export interface Search {
  readonly signal: AbortSignal;
  /** How many files and folders to look at before giving up. */
  readonly mostEntries: number;
  /** How many matches to find before giving up. */
  readonly mostFiles: number;
}

/** A part of a pattern between slashes: `**`, a name, or a test of a name. */
type Segment = '**' | { readonly name: string } | { readonly matches: (name: string) => boolean };

/** A folder to look into, and which segments its entries may match. */
interface Visit {
  readonly folder: string;
  readonly next: ReadonlySet<number>;
}

/**
 * Returns the files below `folder` whose relative path matches the segments: `*`, `?`, `[…]` within a name, and `**` for
 * any number of folders. Lists each folder once, and tests each name in linear time. Private names never match, as in
 * a shell. `**` ignores symbolic links.
 *
 * @throws ToolError if there are more entries or matches than the limits; the signal's reason
 */
export async function glob(folder: string, pattern: readonly string[], search: Search): Promise<string[]> {
  const parts = pattern.filter((part, i) => part !== '' && part !== '.' && !(part === '**' && pattern[i - 1] === '**'));
  if (parts.length > MOST_SEGMENTS)
    throw new ToolError(`a pattern can have at most ${MOST_SEGMENTS} folders; use a shorter one`);
  const segments = parts.map(segmentOf);
  const found: string[] = [];
  const visits: Visit[] = [{ folder, next: reach([0], segments) }];
  let entries = 0;
  for (let visit = visits.pop(); visit; visit = visits.pop()) {
    for await (const entry of entriesOf(visit, segments)) {
      search.signal.throwIfAborted();
      if (++entries > search.mostEntries) throw tooMany(`has looked at ${search.mostEntries} files and folders`);
      if (isPrivate(entry.name)) continue;
      const path = join(visit.folder, entry.name);
      const next = after(entry, visit.next, segments);
      const kind = next.size === 0 ? undefined : await kindOf(entry, path);
      if (kind === 'file' && next.has(segments.length)) found.push(path);
      if (found.length > search.mostFiles) throw tooMany(`has found more than ${search.mostFiles} files`);
      if (kind === 'folder' && [...next].some((index) => index < segments.length)) visits.push({ folder: path, next });
    }
  }
  return found;
}

function tooMany(what: string): ToolError {
  return new ToolError(`the search for files ${what}, which is the limit; use a narrower pattern`);
}

function segmentOf(part: string): Segment {
  if (part === '**') return '**';
  if (!WILDCARD.test(part)) return { name: part };
  const pattern = RE2JS.compile(`\\A${nameSyntax(part)}\\z`, RE2JS.DOTALL);
  return { matches: (name) => pattern.test(name) };
}

/** Translates `*`, `?` and `[…]` to RE2, which matches in linear time. */
function nameSyntax(part: string): string {
  return part.replaceAll(/\*+|\?|\[!?(\]?[^\]]*)\]|[^*?[]+|\[/g, (token, characters: string | undefined) => {
    if (token.startsWith('*')) return '.*';
    if (token === '?') return '.';
    if (characters === undefined) return RE2JS.quote(token);
    return `[${token.startsWith('[!') ? '^' : ''}${characters.replaceAll(/[\\[\]^]/g, '\\$&')}]`;
  });
}

/** Adds the segments behind each `**`, which may stand for no folder at all. At the end, it stands for any file. */
function reach(indexes: Iterable<number>, segments: readonly Segment[]): Set<number> {
  const all = new Set(indexes);
  for (const index of all) if (segments[index] === '**' && index + 1 < segments.length) all.add(index + 1);
  return all;
}

/** Returns which segments may match below an entry. */
function after(entry: Dirent | Named, indexes: ReadonlySet<number>, segments: readonly Segment[]): Set<number> {
  const next = [...indexes].flatMap((index) => {
    const segment = segments[index];
    if (segment === undefined) return [];
    if (segment === '**' && entry.isSymbolicLink()) return [];
    if (segment === '**') return index + 1 === segments.length ? [index, index + 1] : [index];
    const fits = 'name' in segment ? segment.name === entry.name : segment.matches(entry.name);
    return fits ? [index + 1] : [];
  });
  return reach(next, segments);
}

/** A name that the pattern spells out, so its folder need not be listed. */
interface Named {
  readonly name: string;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

async function* entriesOf({ folder, next }: Visit, segments: readonly Segment[]): AsyncGenerator<Dirent | Named> {
  const wanted = [...next].map((index) => segments[index]).filter((segment) => segment !== undefined);
  const names = wanted.flatMap((segment) => (segment !== '**' && 'name' in segment ? [segment.name] : []));
  if (names.length < wanted.length) yield* await listing(folder);
  else
    for (const name of names)
      yield { name, isFile: () => false, isDirectory: () => false, isSymbolicLink: () => false };
}

/** A folder that has vanished, or that may not be listed, has no entries. */
async function listing(folder: string): Promise<AsyncIterable<Dirent> | []> {
  try {
    return await opendir(folder);
  } catch (error) {
    if (NOT_LISTED.has((error as NodeJS.ErrnoException).code)) return [];
    throw error;
  }
}

const NOT_LISTED: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM']);

/** Follows symbolic links. Anything else, such as a socket, counts as a file. */
async function kindOf(entry: Dirent | Named, path: string): Promise<'file' | 'folder' | undefined> {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    return undefined;
  }
}
