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
    : 'it contains a character that a header cannot carry, such as a line break or a typographic quote. Copy the value again';
}

/** Checks a path. */
export function pathProblem(value: string): string | undefined {
  // PEM text, plain or in base64, or anything with several lines.
  const isContent =
    value.includes('-----BEGIN') || value.startsWith('LS0tLS1') || /\p{Cc}/u.test(value) || value.length > 1_024;
  return isContent
    ? 'it looks like the content of a file, but a path is expected. Save it to a file and set the path'
    : undefined;
}

/** Checks the address of a frontend. */
export function addressProblem(value: string): string | undefined {
  if (/\s|\p{Cc}/u.test(value)) return 'it contains white space. Write host and port, such as localhost:7233';
  return /^https?:/i.test(value) || value.includes('@')
    ? 'it must not be a URL. Write host and port, such as localhost:7233'
    : undefined;
}
