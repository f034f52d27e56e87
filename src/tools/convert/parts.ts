/** The folder next to the target that holds a conversion's unfinished work. @module */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { sameContent } from './same-content.js';
import type { SourcePins } from '../source/pins.js';

export class Parts {
  readonly folder: string;

  /** @param id distinguishes conversions that write the same target */
  constructor(
    private readonly target: string,
    id: string,
  ) {
    this.folder = join(dirname(target), `.${basename(target)}.mcp-${id}`);
  }

  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
  }

  /** Returns what an earlier attempt pinned, if it ran on this machine. */
  async pins(): Promise<SourcePins | undefined> {
    if (!(await exists(this.#pinsFile))) return undefined;
    return JSON.parse(await readFile(this.#pinsFile, 'utf8')) as SourcePins;
  }

  async pin(pins: SourcePins): Promise<void> {
    await this.write(this.#pinsFile, async (path) => await writeFile(path, JSON.stringify(pins), { mode: 0o600 }));
  }

  /** Returns the path of the part that holds source file `index`. */
  part(index: number): string {
    return join(this.folder, `${index}.parquet`);
  }

  /** The path where the complete file is built. Keeps the target's extension, which determines the compression. */
  get whole(): string {
    return join(this.folder, `whole-${basename(this.target)}`);
  }

  /** Has `make` write to a temporary name and renames the result, so that a file that exists is always complete. */
  async write(path: string, make: (path: string) => Promise<void>): Promise<void> {
    // Attempts can overlap and must not write to each other's files.
    const unfinished = join(dirname(path), `new-${randomUUID()}-${basename(path)}`);
    await make(unfinished);
    await rename(unfinished, path);
  }

  /**
   * Moves or links the complete file to the target. If another attempt got there first, a target with the same content
   * counts as success.
   *
   * @throws ToolError if the target exists with other content and `overwrite` is not set
   */
  async publish(overwrite: boolean): Promise<void> {
    if (overwrite) return await rename(this.whole, this.target);
    try {
      // Unlike a rename, a link fails if the target exists.
      await link(this.whole, this.target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!(await sameContent(this.whole, this.target))) throw occupied(this.target);
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  get #pinsFile(): string {
    return join(this.folder, 'pins.json');
  }
}

export function occupied(target: string): ToolError {
  return new ToolError(`${basename(target)} exists; set \`overwrite\` to replace it`);
}

export async function exists(path: string): Promise<boolean> {
  return (await inode(path)) !== undefined;
}

/** Returns the file's device and inode, which renaming and linking keep; undefined if there is no such file. */
export async function inode(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
