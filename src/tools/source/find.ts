/** Finds the files that a call's `source` refers to. @module */
import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { duckdb } from '../engines.js';
import { existingPath, isPrivate, wayOut } from '../paths.js';
import { globLiteral, literal } from '../sql.js';

/** Maximum number of files: more would not fit into the history of the task that pins them. */
const MOST_FILES = 1_000;
const WILDCARD = /[*?[]/;

/**
 * Returns the real path of a file, or the sorted real paths of all files that a glob (`*`, `?`, `[…]`, `**`) matches.
 * If a file with exactly this name exists, wildcard characters in the name are taken literally.
 *
 * @throws ToolError if nothing matches, a match is outside the roots or not a file, or there are more than 1000
 */
export async function findFiles(roots: readonly string[], source: string): Promise<string[]> {
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
  // Wildcards do not match private names, as in a shell.
  const matches = (await glob(join(globLiteral(folder), ...parts.slice(wild)))).filter(
    (match) => !isPrivate(relative(folder, match)),
  );
  const files = [
    ...new Set(
      await Promise.all(
        matches.map(async (match) => {
          const shown = await wayOut(roots, folder, relative(folder, match));
          return await file(roots, match, `${fixed}${shown}`);
        }),
      ),
    ),
  ].sort();
  if (files.length === 0) throw new ToolError(`${source}: no file matches`);
  if (files.length > MOST_FILES)
    throw new ToolError(
      `${source}: ${files.length} files match, but the limit is ${MOST_FILES}; use a narrower pattern`,
    );
  return files;
}

async function file(roots: readonly string[], path: string, shown = path): Promise<string> {
  const real = await existingPath(roots, path, shown);
  const stats = await stat(real);
  if (!stats.isFile())
    throw new ToolError(`${shown} is not a file; for the files of a folder, use a pattern such as "${shown}/*.csv"`);
  return real;
}

async function glob(pattern: string): Promise<string[]> {
  const { DuckDBInstance } = await duckdb();
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    const result = await connection.run(`SELECT file FROM glob(${literal(pattern)}) LIMIT ${10 * MOST_FILES}`);
    return (await result.getColumns())[0]?.map(String) ?? [];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
