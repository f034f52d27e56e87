/** Decides where a conversion may write. @module */
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { newPath } from '../paths.js';
import { knownFormat } from '../source/format.js';
import type { Format } from '../source/pins.js';
import type { ConvertArguments } from './schema.js';
import { inode, occupied } from './parts.js';

export interface ConvertTarget {
  /** The real path of its folder, plus its name. */
  readonly path: string;
  readonly format: Format;
}

/** Files in a project folder that have a data file's extension but configure package managers and compilers. */
const SETTINGS = /^(?:package|package-lock|npm-shrinkwrap|composer|(?:ts|js)config(?:\..+)?)\.json$/i;

/**
 * Returns the target's path and format.
 *
 * A tool that writes data must not be able to write programs or settings. So the name must be a data file's, and the
 * format must match its extension: a `.json` target is always an array, and settings are objects.
 *
 * @throws ToolError if the target is outside the roots, or its name or format is not that of a data file
 */
export async function convertTarget(roots: readonly string[], args: ConvertArguments): Promise<ConvertTarget> {
  const path = await newPath(roots, args.target);
  const format = knownFormat(path);
  if (format === undefined)
    throw new ToolError(`${args.target}: the target's name must end in .csv, .tsv, .json, .ndjson, .jsonl or .parquet`);
  if (args.targetFormat !== undefined && args.targetFormat !== format)
    throw new ToolError(
      `${args.target}: the name is that of a ${format} file; rename the target, or leave out \`targetFormat\``,
    );
  if (SETTINGS.test(basename(path)))
    throw new ToolError(`${args.target}: files with this name hold settings, not data; use another name`);
  return { path, format };
}

/**
 * Checks that an existing target may be replaced.
 *
 * @throws ToolError if it is not a file, if `overwrite` is not set, or if it is JSON but not an array, and so may be
 * settings
 */
export async function checkReplaceable({ path }: ConvertTarget, overwrite: boolean): Promise<void> {
  if (!(await stat(path)).isFile()) throw new ToolError(`${basename(path)} is not a file; use another name`);
  if (!overwrite) throw occupied(path);
  if (!/\.json$/i.test(path) || (await firstCharacter(path)) === '[') return;
  throw new ToolError(`${basename(path)} is not an array of rows, so it may hold settings; use another name`);
}

/** @throws ToolError if the existing target is one of the source files, under any name */
export async function refuseOwnSource({ path }: ConvertTarget, sources: readonly string[]): Promise<void> {
  const own = await inode(path);
  for (const source of sources) {
    if ((await inode(source)) === own)
      throw new ToolError(`${basename(path)} is also the source; write to another file`);
  }
}

async function firstCharacter(path: string): Promise<string> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(4096), position: 0 });
    return buffer
      .toString('utf8', 0, bytesRead)
      .replace(/^\uFEFF/, '')
      .trimStart()
      .slice(0, 1);
  } finally {
    await handle.close();
  }
}
