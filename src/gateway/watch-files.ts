/** Tells of changes of files. @module */
import { existsSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

/** How long files have to be quiet, in milliseconds: editors write one several times. */
const QUIET = 200;

/** Folders are watched because files are replaced, by editors and by Kubernetes. */
export class FileWatch {
  readonly #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param changed is called after something in the files' folders has changed, which may have been something else
   * @param lost hears why a folder is not watched, or no more
   */
  constructor(
    private readonly changed: () => void,
    private readonly lost: (reason: Error) => void,
  ) {}

  /** Watches these files from now on, in place of those before; they need not be there yet. */
  follow(files: readonly string[]): void {
    const folders = new Set(files.map((file) => existingFolder(dirname(file))));
    for (const folder of this.#watchers.keys()) if (!folders.has(folder)) this.#leave(folder);
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const folder of this.#watchers.keys()) this.#leave(folder);
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#stir());
      this.#watchers.set(folder, watcher);
      watcher.on('error', (reason) => {
        this.#leave(folder);
        this.lost(reason);
      });
    } catch (error) {
      // Such as the limit of the system's watches.
      this.lost(error as Error);
    }
  }

  #stir(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.changed, QUIET);
  }

  #leave(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}

/** A folder that is missing appears in the one above. */
function existingFolder(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : existingFolder(dirname(folder));
}
