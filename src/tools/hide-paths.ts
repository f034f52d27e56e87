/** Removes the worker's absolute paths from errors, which callers see. @module */
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, resolve } from 'node:path';
import type { ToolsConfig } from './config.js';

/**
 * Runs `work`, and removes from its error the locations of the configured folders and databases and of the temporary
 * folder. The tools' own errors contain no absolute paths, but those of Node and DuckDB do.
 *
 * @throws the error of `work`, with `/srv/data/in.csv` as `data/in.csv` if `/srv/data` is a root
 */
export async function hidingPaths<T>(config: ToolsConfig, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const places = secretPlaces(config);
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      cause.message = hide(cause.message, places);
      if (cause.stack !== undefined) cause.stack = hide(cause.stack, places);
    }
    throw error;
  }
}

/** Returns the paths to hide, the longest first. */
function secretPlaces({ roots, databases }: ToolsConfig): string[] {
  const files = Object.values(databases)
    .filter((url) => url.startsWith('duckdb:'))
    .map((url) => url.slice('duckdb:'.length));
  const named = [...roots, ...files, tmpdir()].flatMap((path) => [resolve(path), realPath(path)]);
  return [...new Set(named)].filter((path) => basename(path) !== '').sort((a, b) => b.length - a.length);
}

function hide(text: string, places: readonly string[]): string {
  return places.reduce((left, place) => left.replaceAll(place, () => basename(place)), text);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
