/** The formats of JSON Schema, in bounded time. Pure. @module */
import { format as library } from '@cfworker/json-schema';

/**
 * The maximum length of a text with a format, in characters. The checks are the library's, and may take more than
 * linear time.
 */
export const LONGEST_FORMATTED = 8_192;

const checks: Readonly<Record<string, (text: string) => boolean>> = {
  ...library,
  // The library's own check takes exponential time.
  url: isPublicUrl,
};

/** As the library defines this format: a URL of a public host. */
function isPublicUrl(text: string): boolean {
  if (!/^(https?|ftp):\/\/\S+$/i.test(text) || !URL.canParse(text)) return false;
  const { hostname } = new URL(text);
  const isAddress = /^\d+(\.\d+){3}$/.test(hostname);
  return isAddress
    ? !/^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|22[4-9]|2[345]\d)\./.test(hostname)
    : /\.(xn--[a-z\d-]+|[a-z]{2,})$/i.test(hostname);
}

/** Says what is wrong with a text of this format; `undefined` if nothing is. Unknown formats allow every text. */
export function formatProblem(format: string, text: string): string | undefined {
  const fits = Object.hasOwn(checks, format) ? checks[format] : undefined;
  if (!fits) return undefined;
  if (text.length > LONGEST_FORMATTED)
    return `String is too long for format "${format}" (${text.length} > ${LONGEST_FORMATTED} characters)`;
  return fits(text) ? undefined : `String does not match format "${format}"`;
}
