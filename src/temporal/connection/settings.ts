/**
 * What is wrong with a value that a connection is made with, in words that never repeat it: where one thing was pasted for
 * another, it is a secret. Pure.
 * @module
 */

/** Of what goes into a header: an API key, an authorization. gRPC and HTTP both refuse the rest, and repeat it when they do. */
export function headerProblem(value: string): string | undefined {
  return /^[ -~]*$/.test(value)
    ? undefined
    : 'there is a character in it that no header can carry, such as a line break or a typographic quote: copy the value again';
}

/** Of a path. */
export function pathProblem(value: string): string | undefined {
  // PEM text, as it is or in base64; anything of several lines.
  const isContent =
    value.includes('-----BEGIN') || value.startsWith('LS0tLS1') || /\p{Cc}/u.test(value) || value.length > 1_024;
  return isContent
    ? 'a path is expected, and this looks like what such a file holds: write it to a file and name that'
    : undefined;
}

/** Of the address of a frontend. */
export function addressProblem(value: string): string | undefined {
  if (/\s|\p{Cc}/u.test(value)) return 'there is white space in it: write host and port, such as localhost:7233';
  return /^https?:/i.test(value) || value.includes('@')
    ? 'it is no URL: write host and port alone, such as localhost:7233'
    : undefined;
}
