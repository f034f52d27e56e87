/** Paths of a call, held inside the configured roots. @module */
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ToolError } from '../tool/errors.js';

/**
 * The real path of an existing file or folder inside the roots. A relative path is looked for under each root in turn.
 *
 * @throws ToolError if it is outside the roots, also by `..` or a symlink, or does not exist;
 * which of the two is only told of paths inside
 */
export async function existingPath(roots: readonly string[], path: string): Promise<string> {
  const inside = await candidates(roots, path);
  for (const candidate of inside.paths) {
    const real = await realPath(candidate);
    if (real === undefined) continue;
    if (!inside.roots.some((root) => contains(root, real))) throw outside(path);
    return real;
  }
  throw new ToolError(`${path}: no such file in the configured roots`);
}

/**
 * Where a new file goes: the real path of its folder, which must exist inside the roots, and its name.
 *
 * @throws ToolError as {@link existingPath}
 */
export async function newPath(roots: readonly string[], path: string): Promise<string> {
  if (/[/\\]$/.test(path) || path === '') throw new ToolError(`${path}: not the name of a file`);
  return join(await existingPath(roots, dirname(path)), basename(path));
}

async function candidates(roots: readonly string[], path: string): Promise<{ roots: string[]; paths: string[] }> {
  if (roots.length === 0) throw new ToolError('no folder is open to this tool: the worker needs MCP_TASKS_ROOTS');
  if (path.includes('\0')) throw outside(path);
  const real = await Promise.all(roots.map(realPath));
  const existing = real.filter((root) => root !== undefined);
  const all = isAbsolute(path) ? [resolve(path)] : existing.map((root) => resolve(root, path));
  const allowed = [...roots.map((root) => resolve(root)), ...existing];
  const paths = all.filter((candidate) => allowed.some((root) => contains(root, candidate)));
  if (paths.length === 0) throw outside(path);
  return { roots: existing, paths };
}

function contains(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function realPath(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function outside(path: string): ToolError {
  return new ToolError(`${path} is outside the folders this tool may use`);
}
