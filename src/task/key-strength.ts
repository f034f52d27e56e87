/** Recognizes keys that somebody could guess. @module */

const SHORTEST = 32;
/** Of 32 random hexadecimal digits, fewer than 8 are different in one of 10 million keys. */
const FEWEST_DIFFERENT = 8;
/** How much of a key must repeat before it counts, in characters. */
const REPEATED = 8;
/** Words of examples and placeholders, which people publish and then use. */
const PLACEHOLDER =
  /change.?me|replace.?(me|this)|your.?(own.?)?(secret|key)|example|placeholder|development|insecure|do.?not.?use|password|passw0rd|qwerty|letmein|default.?key|secret.?key|mcp.?tasks/i;

/**
 * Returns why a key is too weak, to follow "the key"; `undefined` if nothing suspicious was found. This finds
 * placeholders, and what people type when they are asked for a long text. It cannot prove that a key is random.
 */
export function weaknessOf(key: string): string | undefined {
  if (key.length < SHORTEST) return `has ${key.length} characters; it needs at least ${SHORTEST}`;
  if (PLACEHOLDER.test(key)) return 'contains a word of a published example or a placeholder';
  if (new Set(key).size < FEWEST_DIFFERENT) return `has only ${new Set(key).size} different characters`;
  if (shortestPeriod(key) < SHORTEST) return 'repeats itself';
  if (isMostlyOneSequence(key)) return 'consists of neighbouring characters, such as "abcdef"';
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
