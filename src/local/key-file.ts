/** The secret key of a server without configuration: made once, kept beside the dev server's data. @module */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Reads `<dir>/key`, or makes it (mode 0600). Processes that start at once end up with the same key. */
export async function keyFile(dir: string): Promise<string> {
  const path = join(dir, 'key');
  await mkdir(dir, { recursive: true });
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(randomBytes(32).toString('hex'));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(path, 'utf8')).trim();
}
