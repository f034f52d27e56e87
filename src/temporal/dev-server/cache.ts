/** The per-user cache of the Temporal CLI. @module */
import { mkdirSync } from 'node:fs';
import { copyFile, chmod, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const EXECUTABLE = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/**
 * Returns the directory for this user's CLI, in `XDG_CACHE_HOME` or else the system's usual place. Increase the number
 * whenever another CLI is to be downloaded or built, so that nobody keeps the old one.
 */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheRoot(env), 'mcp-tasks-temporal', 'temporal-cli-2');
}

function cacheRoot(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg && isAbsolute(xdg)) return xdg;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (process.platform === 'win32') return env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.cache');
}

export function cachedExecutable(dir: string): string {
  return join(dir, EXECUTABLE);
}

/**
 * Puts an executable into the cache in a single step, so that no process ever runs a partial file.
 * @param make gets an empty directory and returns the path of the executable that it put there
 */
export async function fillCache(dir: string, make: (temporary: string) => Promise<string>): Promise<string> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await removeLeftovers(dir);
  // Use a directory inside the cache, because a rename cannot cross file systems.
  const temporary = await mkdtemp(join(dir, TEMPORARY));
  try {
    const staged = join(temporary, `${EXECUTABLE}.staged`);
    await copyFile(await make(temporary), staged);
    await chmod(staged, 0o755);
    await rename(staged, cachedExecutable(dir));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return cachedExecutable(dir);
}

const TEMPORARY = 'partial-';

/**
 * Removes files left behind by killed processes. The cache is filled under a lock, so no other process is using them.
 */
async function removeLeftovers(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name.startsWith(TEMPORARY)) await rm(join(dir, name), { recursive: true, force: true });
  }
}
