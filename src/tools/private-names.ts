/** Names that the tools never open or show. Pure. @module */

/**
 * Returns whether a path below a root contains a name that starts with a dot, or `node_modules`. A root is often a
 * project folder, in which such names hold keys, passwords, settings and code.
 */
export function isPrivate(way: string): boolean {
  return way.split(/[/\\]/).some((part) => part.startsWith('.') || part.toLowerCase() === 'node_modules');
}
