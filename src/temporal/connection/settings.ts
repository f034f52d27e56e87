/**
 * Finds problems in connection settings. The descriptions never repeat the value: a user who pasted the wrong thing may
 * have pasted a secret. Pure.
 * @module
 */

/**
 * Checks a value that goes into a header, such as an API key or authorization. gRPC and HTTP both reject other
 * characters, and their error messages repeat the value.
 */
export function headerProblem(value: string): string | undefined {
  return /^[ -~]*$/.test(value)
    ? undefined
    : 'there is a character in it that no header can carry, such as a line break or a typographic quote: copy the value again';
}

/** Checks a path. */
export function pathProblem(value: string): string | undefined {
  // PEM text, plain or in base64, or anything with several lines.
  const isContent =
    value.includes('-----BEGIN') || value.startsWith('LS0tLS1') || /\p{Cc}/u.test(value) || value.length > 1_024;
  return isContent
    ? 'a path is expected, and this looks like what such a file holds: write it to a file and name that'
    : undefined;
}

/** Checks the address of a frontend. */
export function addressProblem(value: string): string | undefined {
  if (/\s|\p{Cc}/u.test(value)) return 'there is white space in it: write host and port, such as localhost:7233';
  return /^https?:/i.test(value) || value.includes('@')
    ? 'it is no URL: write host and port alone, such as localhost:7233'
    : undefined;
}
