/**
 * A task store in a folder, with one file per task, so that any number of processes can share it without a lock.
 * @module
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StoredTask, TaskStore } from './task-store.js';

const Record = z.object({
  taskId: z.string(),
  tool: z.string(),
  server: z.object({ name: z.string(), version: z.string() }).optional(),
  createdAt: z.string(),
});
/** Recognizes this store's files by name: the folder may hold other files. */
const OURS = /^task-[0-9a-f]{64}\.json(?:\..+)?$/;

/** The options of {@link fileTaskStore}. */
export interface FileTaskStoreOptions {
  /** How many tasks are kept; beyond that the oldest are deleted. @default 1 000 */
  readonly limit?: number;
}

/**
 * Keeps tasks in the folder `dir`, which it creates if needed. Only the current user can read it: on a server without
 * authentication, a task's ID is all it takes to read the task.
 *
 * @throws RangeError if `limit` is not a whole number of at least 1
 * @example
 * const taskStore = fileTaskStore('tasks');
 * const result = await callTool(client, { name: 'countdown', arguments: { seconds: 60 } }, { taskStore });
 */
export function fileTaskStore(dir: string, { limit = 1_000 }: FileTaskStoreOptions = {}): TaskStore {
  if (!Number.isInteger(limit) || limit < 1)
    throw new RangeError(`limit must be a whole number of at least 1, not ${limit}`);
  return {
    async put(task) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const file = fileOf(dir, task.taskId);
      const written = `${file}.${randomUUID()}`;
      await writeFile(written, JSON.stringify(Record.parse(task)), { mode: 0o600, flush: true });
      await rename(written, file);
      await prune(dir, limit);
    },
    async remove(taskId) {
      await rm(fileOf(dir, taskId), { force: true });
    },
    async list() {
      const files = (await ours(dir)).filter((name) => name.endsWith('.json'));
      const tasks = await Promise.all(files.map(async (name) => await read(join(dir, name))));
      return tasks
        .filter((task) => task !== undefined)
        .sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
    },
  };
}

/**
 * Returns the path of a task's file. The name is a hash: the server chooses the ID, which may not be a valid file name.
 */
function fileOf(dir: string, taskId: string): string {
  return join(dir, `task-${createHash('sha256').update(taskId).digest('hex')}.json`);
}

async function ours(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(orMissing(() => []));
  return names.filter((name) => OURS.test(name));
}

/** Reads a record; `undefined` if another process has just removed it. */
async function read(file: string): Promise<StoredTask | undefined> {
  const text = await readFile(file, 'utf8').catch(orMissing(() => undefined));
  if (text === undefined) return undefined;
  try {
    return Record.parse(JSON.parse(text)) as StoredTask;
  } catch (cause) {
    throw new Error(`${file} is not a valid task record. Delete it.`, { cause });
  }
}

/**
 * Deletes the oldest files beyond the limit, including those that a process left behind when it was killed while
 * writing.
 */
async function prune(dir: string, limit: number): Promise<void> {
  const names = await ours(dir);
  if (names.length <= limit) return;
  const aged = await Promise.all(
    names.map(async (name) => ({
      name,
      at: await stat(join(dir, name)).then(
        ({ mtimeMs }) => mtimeMs,
        orMissing(() => 0),
      ),
    })),
  );
  const oldest = aged.sort((a, b) => a.at - b.at).slice(0, names.length - limit);
  await Promise.all(oldest.map(async ({ name }) => await rm(join(dir, name), { force: true })));
}

function orMissing<T>(otherwise: () => T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise();
    throw error;
  };
}
