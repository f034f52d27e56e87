/** Tells callers what is in a folder when a path in it does not exist. @module */
import { opendir } from 'node:fs/promises';
import { similarNames } from '../task/similar.js';
import { isPrivate } from './private-names.js';

/** How many entries of a folder to look at. */
const MOST_LOOKED_AT = 1_000;
/** How many names an error shows. */
const MOST_SHOWN = 5;
/** How many similar names an error shows. */
const MOST_SIMILAR = 3;

/** Returns the names in a folder that callers may see, sorted: those of the first 1000 entries. */
export async function contents(folder: string): Promise<string[]> {
  const names: string[] = [];
  let looked = 0;
  try {
    for await (const { name } of await opendir(folder)) {
      if (++looked > MOST_LOOKED_AT) break;
      if (!isPrivate(name)) names.push(name);
    }
  } catch {
    // The folder is only part of an error's message. If it cannot be listed, the message names it without its contents.
    return [];
  }
  return names.sort();
}

/** Returns the end of an error about a missing name: what the caller may have meant, or what the folder contains. */
export function suggestion(name: string, names: readonly string[]): string {
  const similar = similarNames(
    name,
    names.filter((each) => each !== name),
  ).slice(0, MOST_SIMILAR);
  if (similar.length === 0) return containing(names);
  return `did you mean ${similar.map((each) => `"${each}"`).join(' or ')}?`;
}

/** Returns the end of an error about a folder: what it contains. */
export function containing(names: readonly string[]): string {
  if (names.length === 0) return 'it contains no files; call list_files to see what there is';
  const shown = names.slice(0, MOST_SHOWN).map((name) => `"${name}"`);
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  return `it contains ${shown.join(', ')}${more}; call list_files to see what there is`;
}
