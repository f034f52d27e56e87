/** The secret key of a server without configuration: made once, kept beside the dev server's data. @module */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Reads `<dir>/key`, or makes it (mode 0600). Processes that start at once end up with the same key. */
export async function keyFile(dir: string): Promise<string> {
  const path = join(dir, 'key');
  const mine = join(dir, `key.${process.pid}.${randomBytes(4).toString('hex')}`);
  await mkdir(dir, { recursive: true });
  await writeFile(mine, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  try {
    // A link appears whole and only if there was none: whoever comes second reads the first one's key.
    await link(mine, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(mine);
  }
  return (await readFile(path, 'utf8')).trim();
}
