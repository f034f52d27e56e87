/** Tells of changes of files. @module */
import { watch } from 'node:fs';
import { dirname } from 'node:path';

/** How long files have to be quiet, in milliseconds: editors write one several times. */
const QUIET = 200;

/**
 * Calls `changed` after something in the files' folders has changed, which may have been something else. Folders are watched
 * because files are replaced, by editors and by Kubernetes.
 * @param lost hears why a folder is watched no more
 * @returns ends it
 */
export function watchFiles(files: readonly string[], changed: () => void, lost: (reason: Error) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watchers = [...new Set(files.map((file) => dirname(file)))].map((folder) =>
    watch(folder, { persistent: false }, () => {
      clearTimeout(timer);
      timer = setTimeout(changed, QUIET);
    }).on('error', lost),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
