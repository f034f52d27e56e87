/** The ways a test ends other than by returning, and the deadline for every wait. @module */

/** The server breaks the rule; the message says what was seen. */
export class Failed extends Error {}

/** The rule does not apply to this server; the message says why. */
export class Skipped extends Error {}

export function check(holds: unknown, message: string): asserts holds {
  if (!holds) throw new Failed(message);
}

export function skip(reason: string): never {
  throw new Skipped(reason);
}

/** Swallows {@link Skipped} and rethrows everything else, for optional steps of a test. */
export function ignoreSkipped(error: unknown): undefined {
  if (!(error instanceof Skipped)) throw error;
}

/** Formats a value that was seen as JSON short enough for one line. */
export function seen(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** Waits for `promise`. @throws Failed if it does not settle within `ms` milliseconds */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  // Nobody handles a rejection after the deadline.
  promise.catch(() => undefined);
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Failed(`waited ${ms} ms for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
