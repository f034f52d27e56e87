/** The signals of requests whose client may hang up. @module */

const signals = new WeakMap<Request, AbortSignal>();

/** Notes the signal that the request was made with. */
export function noteHangUp(request: Request, signal: AbortSignal): void {
  signals.set(request, signal);
}

/**
 * Returns the signal that is aborted when the request's client hangs up. The request's own signal follows the one that
 * it was made with, but only while something holds the request, with its headers and body. What waits for hours should
 * not hold these.
 */
export function hangUpOf(request: Request): AbortSignal {
  return signals.get(request) ?? request.signal;
}
