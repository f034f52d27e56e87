/** Watches files for changes. @module */
import { existsSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

/** How long files must stay unchanged before a report, in milliseconds: editors write a file several times. */
const QUIET = 200;

/** Watches the folders of files, because editors and Kubernetes replace files instead of writing to them. */
export class FileWatch {
  readonly #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param changed called after a change in the folders of the files, which may concern other files
   * @param lost called with the reason if a folder cannot be watched, or no longer
   */
  constructor(
    private readonly changed: () => void,
    private readonly lost: (reason: Error) => void,
  ) {}

  /** Watches these files instead of the previous ones. They need not exist yet. */
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
      // For example, the system's limit on watches has been reached.
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

/** Returns the nearest existing folder: a missing one will appear there. */
function existingFolder(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : existingFolder(dirname(folder));
}
