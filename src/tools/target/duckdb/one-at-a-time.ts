/** Keeps steps of one load apart in this process. A second process cannot open the file at the same time. @module */

const last = new Map<string, Promise<void>>();

/** Runs `work` once all earlier work with the same key is done. */
export async function oneAtATime(key: string, work: () => Promise<void>): Promise<void> {
  const before = last.get(key) ?? Promise.resolve();
  const own = before.then(work);
  const done = own.catch(() => {});
  last.set(key, done);
  try {
    await own;
  } finally {
    if (last.get(key) === done) last.delete(key);
  }
}
