/** Reads files that the user names. @module */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { McpTasksError } from '../task/errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a directory',
  ENOTDIR: 'part of its path is not a directory',
  EACCES: 'permission denied',
};

/**
 * Reads a file.
 * @param dir the directory that the path is relative to
 * @throws McpTasksError `CONFIGURATION` if it cannot be read, with the system's error as its cause
 */
export async function readNamed(path: string, dir = '.'): Promise<Buffer> {
  return await readFile(resolve(dir, path)).catch((error: NodeJS.ErrnoException) => {
    throw new McpTasksError('CONFIGURATION', `cannot read ${path}: ${REASONS[error.code ?? ''] ?? error.message}`, {
      cause: error,
    });
  });
}
