/** Resolves the paths in a call and keeps them inside the configured roots. @module */
import { Buffer } from 'node:buffer';
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ToolError } from '../tool/errors.js';
import { contents, suggestion } from './nearby.js';
import { isPrivate } from './private-names.js';

/**
 * Returns the real path of an existing file or folder inside the roots. Tries a relative path under each root in turn.
 *
 * @throws ToolError if no roots are configured, if the path leads outside the roots (also through `..` or a symlink),
 *   does not exist, or contains a private name (see `isPrivate`). The error for a path outside the roots does not
 *   reveal whether it exists.
 * @param shown the path to show in errors, because callers must not see absolute paths that they did not send
 */
export async function existingPath(roots: readonly string[], path: string, shown = path): Promise<string> {
  const inside = await candidates(roots, path, shown);
  for (const candidate of inside.paths) {
    const real = await realPath(candidate, shown);
    if (real === undefined) continue;
    const holding = inside.roots.filter((root) => contains(root, real));
    if (holding.length === 0) throw outside(shown, roots);
    if (holding.every((root) => isPrivate(relative(root, real)))) throw closed(shown);
    return real;
  }
  throw await missing(inside, shown, roots);
}

/**
 * The longest name of a new file, in bytes. File systems allow 255, but temporary files beside it have longer names.
 */
const LONGEST_NEW_NAME = 200;

/**
 * Returns the path for a new file: the real path of its folder, which must exist inside the roots, plus its name.
 *
 * @throws ToolError if the path does not name a file, and for the same reasons as {@link existingPath}
 */
export async function newPath(roots: readonly string[], path: string): Promise<string> {
  if (/[/\\]$/.test(path) || path === '') throw new ToolError(`"${path}" does not end in a file name`);
  if (path.includes('\0')) throw outside(path, roots);
  if (Buffer.byteLength(basename(path)) > LONGEST_NEW_NAME)
    throw new ToolError(`${path}: the name is too long; use at most ${LONGEST_NEW_NAME} bytes`);
  if (isPrivate(basename(path))) throw closed(path);
  return join(await existingPath(roots, dirname(path)), basename(path));
}

/**
 * Returns the shortest beginning of `way` that leads outside the roots through a symlink, or all of it. Errors name
 * only this part, because the rest names a file outside.
 *
 * @param folder a real path inside the roots
 * @param way a path below `folder`
 */
export async function wayOut(roots: readonly string[], folder: string, way: string): Promise<string> {
  const real = (await Promise.all(roots.map((root) => realPath(root, root)))).filter((root) => root !== undefined);
  const parts = way.split(sep);
  for (let length = 1; length < parts.length; length++) {
    const beginning = parts.slice(0, length).join(sep);
    const reached = await realPath(join(folder, beginning), beginning);
    if (reached === undefined || !real.some((root) => contains(root, reached))) return beginning;
  }
  return way;
}

/** Returns the real paths of the roots that exist, and where inside them `path` could be. */
async function candidates(
  roots: readonly string[],
  path: string,
  shown: string,
): Promise<{ roots: string[]; paths: string[] }> {
  if (roots.length === 0)
    throw new ToolError('this tool may not access any folder: set MCP_TASKS_ROOTS for the worker');
  if (path.includes('\0')) throw outside(shown, roots);
  const real = await Promise.all(roots.map((root) => realPath(root, shown)));
  const existing = real.filter((root) => root !== undefined);
  if (existing.length === 0) throw new ToolError(`the folder ${displayNames(roots)} does not exist on the worker`);
  const all = isAbsolute(path) ? [resolve(path)] : existing.map((root) => resolve(root, path));
  const allowed = [...roots.map((root) => resolve(root)), ...existing];
  const paths = all.filter((candidate) => allowed.some((root) => contains(root, candidate)));
  if (paths.length === 0) throw outside(shown, roots);
  return { roots: existing, paths };
}

/**
 * Returns the error for a path that does not exist. It names the last folder of the path that exists, and names in that
 * folder that the caller may have meant.
 */
async function missing(
  inside: { readonly roots: readonly string[]; readonly paths: readonly string[] },
  shown: string,
  roots: readonly string[],
): Promise<ToolError> {
  let found: { readonly folder: string; readonly name: string; readonly rest: number } | undefined;
  for (const path of inside.paths) {
    let name = basename(path);
    let folder = dirname(path);
    let real = await realPath(folder, shown);
    let rest = 0;
    for (; real === undefined; real = await realPath(folder, shown), rest++) {
      name = basename(folder);
      folder = dirname(folder);
    }
    const root = inside.roots.find((each) => contains(each, real));
    if (root === undefined) return outside(shown, roots);
    if (isPrivate(relative(root, real))) return closed(shown);
    if (found === undefined || rest < found.rest) found = { folder: real, name, rest };
  }
  if (found === undefined) return outside(shown, roots);
  const where = `no such file or folder in ${displayFolder(inside.roots, found.folder)}`;
  return new ToolError(`${shown}: ${where}; ${suggestion(found.name, await contents(found.folder))}`);
}

/** Names a folder inside the roots without revealing where it is on the worker. */
export function displayFolder(roots: readonly string[], folder: string): string {
  const root = roots.find((each) => contains(each, folder));
  const way = root === undefined ? basename(folder) : join(basename(root) || root, relative(root, folder));
  return `"${way.replace(/(?<=.)[/\\]$/, '').replaceAll('\\', '/')}"`;
}

function contains(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function realPath(path: string, shown: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    // Retrying does not help, and Node's own message contains the absolute path.
    if (Object.hasOwn(REASONS, code)) throw new ToolError(`${shown}: ${REASONS[code]}`);
    throw error;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its symbolic links form a loop',
  EACCES: 'the worker has no permission to open it',
  EPERM: 'the worker has no permission to open it',
};

function outside(path: string, roots: readonly string[]): ToolError {
  return new ToolError(`${path} is outside the folders this tool may access (${displayNames(roots)})`);
}

function closed(path: string): ToolError {
  return new ToolError(`${path}: this tool may not access node_modules or names that start with "."`);
}

/** Names the roots without revealing where they are on the worker. */
function displayNames(roots: readonly string[]): string {
  return roots.map((root) => `"${basename(root) || root}"`).join(', ');
}
