/** The secret key of an unconfigured server: generated once and kept next to the dev server's data. @module */
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sharedFolder } from './private-files.js';

/**
 * Reads `<dir>/key`, or creates it (mode 0600). Processes that start at the same time get the same key.
 * @param log receives a warning if other users can read the folder and this process may not change that
 */
export async function keyFile(dir: string, log: (line: string) => void): Promise<string> {
  const path = join(dir, 'key');
  const mine = join(dir, `key.${process.pid}.${randomBytes(4).toString('hex')}`);
  sharedFolder(dir, log);
  await writeFile(mine, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  try {
    // Linking is atomic and fails if the key exists: the second process reads the key of the first.
    await link(mine, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(mine);
  }
  return (await readFile(path, 'utf8')).trim();
}
