/** Collects what a program has written: the declared outputs and the result. @module */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ToolError } from '../tool/errors.js';
import type { StoredOutput } from './folder.js';

/** The maximum size of the JSON file that is returned as the result, in bytes. */
const LARGEST_RESULT = 1_000_000;

/**
 * Returns the size and hash of each output.
 * @throws ToolError if one is missing, or the signal's reason
 */
export async function collectOutputs(
  cwd: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<StoredOutput[]> {
  const outputs: StoredOutput[] = [];
  for (const path of paths) {
    const hash = createHash('sha256');
    const absolute = resolve(cwd, path);
    let size = 0;
    let changedAt = 0;
    try {
      for await (const chunk of createReadStream(absolute, { signal })) {
        hash.update(chunk as Buffer);
        size += (chunk as Buffer).length;
      }
      changedAt = (await stat(absolute)).mtimeMs;
    } catch (error) {
      signal.throwIfAborted();
      throw new ToolError(`The program ended as it should, but its output ${path} ${whyNot(error)}.`);
    }
    outputs.push({ path, size, sha256: hash.digest('hex'), absolute, changedAt });
  }
  return outputs;
}

/**
 * Returns the JSON value in a file.
 * @throws ToolError if there is none, or it is too large
 */
export async function readResult(cwd: string, path: string): Promise<unknown> {
  const file = resolve(cwd, path);
  try {
    const { size } = await stat(file);
    if (size > LARGEST_RESULT)
      throw new ToolError(`The result ${path} has ${size} bytes; the limit is ${LARGEST_RESULT}.`);
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError(`The program ended as it should, but its result ${path} ${whyNot(error)}.`);
  }
}

function whyNot(error: unknown): string {
  if (error instanceof SyntaxError) return 'is not JSON';
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'is missing' : `cannot be read (${code ?? 'unknown error'})`;
}
