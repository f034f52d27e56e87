/** JSON pointers (RFC 6901): a place in a JSON value. Pure. @module */

/** The empty pointer is the whole; any other begins with a slash, and `~` in it is written `~0`, `/` is `~1`. */
export const JSON_POINTER = /^(\/([^/~]|~[01])*)*$/;

/** The value at `pointer`; `undefined` where there is none. */
export function valueAt(value: unknown, pointer: string): unknown {
  const keys = pointer.split('/').slice(1);
  return keys.reduce<unknown>((within, key) => {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof within === 'object' && within !== null && Object.hasOwn(within, name)
      ? (within as Record<string, unknown>)[name]
      : undefined;
  }, value);
}
