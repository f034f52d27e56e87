/** The folder beside a target in which a conversion keeps what it has done so far. @module */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { sameContent } from './same-content.js';
import type { SourcePins } from '../source/pins.js';

export class Parts {
  readonly folder: string;

  /** @param id tells the conversions of one target apart */
  constructor(
    private readonly target: string,
    id: string,
  ) {
    this.folder = join(dirname(target), `.${basename(target)}.mcp-${id}`);
  }

  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
  }

  /** What an earlier attempt pinned, if it was on this machine. */
  async pins(): Promise<SourcePins | undefined> {
    if (!(await exists(this.#pinsFile))) return undefined;
    return JSON.parse(await readFile(this.#pinsFile, 'utf8')) as SourcePins;
  }

  async pin(pins: SourcePins): Promise<void> {
    await this.write(this.#pinsFile, async (path) => await writeFile(path, JSON.stringify(pins)));
  }

  /** The path of the part that holds the source's file `index`. */
  part(index: number): string {
    return join(this.folder, `${index}.parquet`);
  }

  /** Where the target is made; the ending is the target's, which decides the compression. */
  get whole(): string {
    return join(this.folder, `whole-${basename(this.target)}`);
  }

  /** Has `make` write a file under another name and renames it, so that a file that is there is complete. */
  async write(path: string, make: (path: string) => Promise<void>): Promise<void> {
    // Attempts can overlap, and must not write into each other's file.
    const unfinished = join(dirname(path), `new-${randomUUID()}-${basename(path)}`);
    await make(unfinished);
    await rename(unfinished, path);
  }

  /**
   * Another attempt of the task may have been faster: a target that already holds what was made is as good.
   *
   * @throws ToolError if the target exists and must not be overwritten
   */
  async publish(overwrite: boolean): Promise<void> {
    if (overwrite) return await rename(this.whole, this.target);
    try {
      // Unlike a rename, a link fails if there is something in its place.
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

/** What stays the same when a file is renamed or linked. */
export async function inode(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
