/** JSON pointers (RFC 6901): a place in a JSON value. Pure. @module */

/**
 * Matches a JSON pointer. The empty pointer is the whole value; any other starts with a slash and escapes `~` as `~0`
 * and `/` as `~1`.
 */
export const JSON_POINTER = /^(\/([^/~]|~[01])*)*$/;

/** Returns the value at `pointer`; `undefined` if there is none. */
export function valueAt(value: unknown, pointer: string): unknown {
  const keys = pointer.split('/').slice(1);
  return keys.reduce<unknown>((within, key) => {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof within === 'object' && within !== null && Object.hasOwn(within, name)
      ? (within as Record<string, unknown>)[name]
      : undefined;
  }, value);
}
