/** Keeps secret values out of a program's log. Pure. @module */

/** The minimum length of a value, or of a line of one, that is masked. Shorter ones occur in other words. */
const SHORTEST = 4;

const HIDDEN = '***';

/** Returns a function that replaces all secret values in a line. A secret of several lines is masked line by line. */
export function secretMask(secrets: readonly string[]): (line: string) => string {
  const parts = secrets
    .flatMap((secret) => secret.split(/\r\n|\n|\r/))
    .map((part) => part.trim())
    .filter((part) => part.length >= SHORTEST)
    // The longest first, so that none is left in pieces.
    .sort((a, b) => b.length - a.length);
  return (line) => parts.reduce((text, part) => text.replaceAll(part, HIDDEN), line);
}
