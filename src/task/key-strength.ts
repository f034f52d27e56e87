/** Recognizes keys that someone could guess. @module */

const SHORTEST = 32;
/** One in 10 million keys of 32 random hexadecimal digits has fewer than 8 different ones. */
const FEWEST_DIFFERENT = 8;
/** How much of a key must repeat before it counts, in characters. */
const REPEATED = 8;
/** Words from examples and placeholders, which people copy and then use. */
const PLACEHOLDER =
  /change.?me|replace.?(me|this)|your.?(own.?)?(secret|key)|example|placeholder|development|insecure|do.?not.?use|password|passw0rd|qwerty|letmein|default.?key|secret.?key|mcp.?tasks/i;

/**
 * Returns why a key is too weak, to follow "the key"; `undefined` if nothing suspicious was found. This finds
 * placeholders, and what people type when asked for a long text. It cannot prove that a key is random.
 */
export function weaknessOf(key: string): string | undefined {
  if (key.length < SHORTEST) return `has ${key.length} characters; it needs at least ${SHORTEST}`;
  if (PLACEHOLDER.test(key)) return 'contains a word from a published example or a placeholder';
  const different = new Set(key).size;
  if (different < FEWEST_DIFFERENT)
    return `has only ${different} different ${different === 1 ? 'character' : 'characters'}`;
  if (shortestPeriod(key) < SHORTEST) return 'repeats itself';
  if (isMostlyOneSequence(key)) return 'consists of adjacent characters, such as "abcdef"';
  return undefined;
}

/** Returns after how many characters the key starts again, or its length if it does not. */
function shortestPeriod(key: string): number {
  for (let period = 1; period <= key.length - REPEATED; period += 1)
    if (key.startsWith(key.slice(period))) return period;
  return key.length;
}

/** Whether most characters are the one before, or the next or previous one in the alphabet. */
function isMostlyOneSequence(key: string): boolean {
  let neighbours = 0;
  for (let at = 1; at < key.length; at += 1)
    if (Math.abs(key.charCodeAt(at) - key.charCodeAt(at - 1)) <= 1) neighbours += 1;
  return neighbours > (key.length - 1) * 0.7;
}
