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
