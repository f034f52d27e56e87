/** Runs an async function one call at a time. Pure. @module */

/**
 * Returns a function whose runs never overlap. Calls made during a run share the next one, which starts after all of
 * them were made.
 */
export function inTurn(run: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const start = async (): Promise<void> => {
    next = undefined;
    await run();
  };
  return async () => {
    next ??= last = last.then(start, start);
    await next;
  };
}
