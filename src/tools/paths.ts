/** Resolves the paths in a call and keeps them inside the configured roots. @module */
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ToolError } from '../tool/errors.js';

/**
 * Returns the real path of an existing file or folder inside the roots. Tries a relative path under each root in turn.
 *
 * @throws ToolError if no roots are configured, if the path leads outside the roots (also through `..` or a symlink),
 *   does not exist, or contains a private name (see {@link isPrivate}). The error for a path outside the roots does not
 *   reveal whether it exists.
 */
export async function existingPath(roots: readonly string[], path: string): Promise<string> {
  const inside = await candidates(roots, path);
  for (const candidate of inside.paths) {
    const real = await realPath(candidate, path);
    if (real === undefined) continue;
    const holding = inside.roots.filter((root) => contains(root, real));
    if (holding.length === 0) throw outside(path);
    if (holding.every((root) => isPrivate(relative(root, real)))) throw closed(path);
    return real;
  }
  throw new ToolError(`${path}: no such file in the configured roots`);
}

/**
 * Returns the path for a new file: the real path of its folder, which must exist inside the roots, plus its name.
 *
 * @throws ToolError if the path does not name a file, and for the same reasons as {@link existingPath}
 */
export async function newPath(roots: readonly string[], path: string): Promise<string> {
  if (/[/\\]$/.test(path) || path === '') throw new ToolError(`${path}: not the name of a file`);
  if (isPrivate(basename(path))) throw closed(path);
  return join(await existingPath(roots, dirname(path)), basename(path));
}

/**
 * Reports whether a path below a root contains a name that starts with a dot, or `node_modules`. A root is often a
 * project folder, in which such names hold keys, passwords, settings and code.
 */
export function isPrivate(way: string): boolean {
  return way.split(/[/\\]/).some((part) => part.startsWith('.') || part.toLowerCase() === 'node_modules');
}

async function candidates(roots: readonly string[], path: string): Promise<{ roots: string[]; paths: string[] }> {
  if (roots.length === 0) throw new ToolError('no folder is open to this tool: the worker needs MCP_TASKS_ROOTS');
  if (path.includes('\0')) throw outside(path);
  const real = await Promise.all(roots.map((root) => realPath(root, path)));
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

/** @param given the path as the call spells it, for error messages */
async function realPath(path: string, given: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    // Retrying does not help, and Node's own message contains the absolute path.
    if (Object.hasOwn(REASONS, code)) throw new ToolError(`${given}: ${REASONS[code]}`);
    throw error;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its symbolic links lead in a circle',
  EACCES: 'the worker may not open it',
  EPERM: 'the worker may not open it',
};

function outside(path: string): ToolError {
  return new ToolError(`${path} is outside the folders this tool may use`);
}

function closed(path: string): ToolError {
  return new ToolError(`${path}: names that begin with "." and node_modules are closed to this tool`);
}
