/** One run at a time. Pure. @module */

/**
 * Calls of the returned function run one after the other; those that come while one runs share the next, which begins after
 * all of them were asked for.
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
