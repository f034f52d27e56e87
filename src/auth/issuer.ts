/** Discovers the metadata of the authorization server that issues the tokens. @module */
import { z } from 'zod';
import { McpTasksError } from '../task/errors.js';

/** The time limit for the whole discovery, in milliseconds. */
const DEADLINE = 10_000;

/** The fields needed here. The others are passed on to clients unchanged. */
const Metadata = z.looseObject({ issuer: z.string(), jwks_uri: z.url() });
export type IssuerMetadata = z.output<typeof Metadata>;

/**
 * Reads the metadata of `issuer`, by RFC 8414 or OpenID Connect Discovery.
 *
 * @throws McpTasksError `CONFIGURATION` if the issuer or its `jwks_uri` is not an HTTPS URL (loopback excepted), if the
 *   issuer cannot be reached within 10 s, or if it publishes no metadata, incomplete metadata or that of another issuer
 */
export async function discoverIssuer(issuer: string): Promise<IssuerMetadata> {
  const url = secureUrl(issuer, 'The issuer');
  const signal = AbortSignal.timeout(DEADLINE);
  for (const candidate of metadataUrls(url)) {
    const document = await read(candidate, signal);
    if (document === undefined) continue;
    const { success, data } = Metadata.safeParse(document);
    if (!success) throw misconfigured(`The metadata at ${candidate} lacks a valid issuer or jwks_uri`);
    // RFC 8414, section 3.3. A trailing slash is often added or left out by mistake, so ignore it here. Tokens contain
    // the issuer as the metadata spells it.
    if (bare(data.issuer) !== bare(issuer))
      throw misconfigured(
        `The metadata at ${candidate} belongs to another issuer, ${data.issuer}: use exactly that URL as the issuer`,
      );
    secureUrl(data.jwks_uri, "The issuer's jwks_uri");
    return data;
  }
  throw misconfigured(
    `${issuer} publishes no authorization server metadata (RFC 8414 or OpenID Connect Discovery). Check that it is the issuer's URL`,
  );
}

/** Returns the URLs where the metadata may be, in the order that MCP prescribes for clients. */
export function metadataUrls(issuer: URL): string[] {
  const { origin } = issuer;
  const path = bare(issuer.pathname);
  const inserted = ['oauth-authorization-server', 'openid-configuration'].map(
    (name) => `${origin}/.well-known/${name}${path}`,
  );
  return path ? [...inserted, `${origin}${path}/.well-known/openid-configuration`] : inserted;
}

/**
 * Reads a JSON document.
 * @returns `undefined` if the response is a redirect or a client error (3xx, 4xx)
 * @throws McpTasksError `CONFIGURATION` if the request fails, is answered 5xx, or the document is not JSON
 */
async function read(url: string, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, { headers: { accept: 'application/json' }, redirect: 'manual', signal });
    if (response.status >= 500) throw new Error(`HTTP ${response.status}`);
    if (response.ok) return await response.json();
    await response.body?.cancel();
    return undefined;
  } catch (error) {
    throw misconfigured(`Cannot read the issuer's metadata from ${url}: ${reason(error)}`, error);
  }
}

/** Requires HTTPS, except on loopback: anyone who can change the traffic could forge tokens. */
function secureUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const loopback = url?.hostname === 'localhost' || url?.hostname === '127.0.0.1';
  if (url && !url.search && !url.hash && (url.protocol === 'https:' || (url.protocol === 'http:' && loopback)))
    return url;
  throw misconfigured(
    `${what} must be an https:// URL without query and fragment (http:// is allowed on this machine), not ${text}`,
  );
}

function bare(text: string): string {
  return text.replace(/\/$/, '');
}

function reason(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

function misconfigured(message: string, cause?: unknown): McpTasksError {
  return new McpTasksError('CONFIGURATION', message, { cause });
}
