/** Combines abort signals. @module */

/**
 * Returns a signal that aborts with the first of `signals`. Call `unlink` when it is no longer needed: until then,
 * `signals` keep it alive.
 */
export function linkSignals(...signals: (AbortSignal | undefined)[]): { readonly signal: AbortSignal; unlink(): void } {
  const controller = new AbortController();
  const links = signals.flatMap((signal) => {
    if (!signal) return [];
    const abort = (): void => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    return [(): void => signal.removeEventListener('abort', abort)];
  });
  return {
    signal: controller.signal,
    unlink: () => links.forEach((unlink) => unlink()),
  };
}

/** Resolves like `promise`, unless the signal is aborted first: then rejects with its reason. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Thousands may wait like this, so it takes as few promises as possible.
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    const forget = (): void => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    // Removes the listener in a branch of its own, which fails for nobody.
    promise.then(resolve, reject);
    promise.then(forget, forget);
  });
}
