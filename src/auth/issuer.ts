/** The authorization server that issues the tokens: its metadata, found by its URL. @module */
import { z } from 'zod';
import { McpTasksError } from '../task/errors.js';

/** How long all of the discovery may take, in milliseconds. */
const DEADLINE = 10_000;

/** What is needed here; the rest goes on to clients as it is. */
const Metadata = z.looseObject({ issuer: z.string(), jwks_uri: z.url() });
export type IssuerMetadata = z.output<typeof Metadata>;

/**
 * Reads the metadata of `issuer`, by RFC 8414 or OpenID Connect Discovery.
 *
 * @throws McpTasksError `CONFIGURATION` if it is no HTTPS URL (loopback excepted), cannot be reached within 10 s, publishes
 *   no metadata, or publishes those of another issuer
 */
export async function discoverIssuer(issuer: string): Promise<IssuerMetadata> {
  const url = secureUrl(issuer, 'the issuer');
  const signal = AbortSignal.timeout(DEADLINE);
  for (const candidate of metadataUrls(url)) {
    const document = await read(candidate, signal);
    if (document === undefined) continue;
    const { success, data } = Metadata.safeParse(document);
    if (!success) throw misconfigured(`the metadata at ${candidate} name no issuer with keys (issuer, jwks_uri)`);
    // RFC 8414, section 3.3. Its own spelling is the one in its tokens; whether it ends with a slash is often mistaken.
    if (bare(data.issuer) !== bare(issuer))
      throw misconfigured(`the metadata at ${candidate} are of another issuer, ${data.issuer}: give exactly that`);
    secureUrl(data.jwks_uri, 'the jwks_uri of the issuer');
    return data;
  }
  throw misconfigured(
    `${issuer} publishes no authorization server metadata (RFC 8414 or OpenID Connect Discovery): is it the issuer's URL?`,
  );
}

/** Where the metadata may be, in the order in which MCP has clients try. */
export function metadataUrls(issuer: URL): string[] {
  const { origin } = issuer;
  const path = bare(issuer.pathname);
  const inserted = ['oauth-authorization-server', 'openid-configuration'].map(
    (name) => `${origin}/.well-known/${name}${path}`,
  );
  return path ? [...inserted, `${origin}${path}/.well-known/openid-configuration`] : inserted;
}

/** @returns `undefined` where there is no such document */
async function read(url: string, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, { headers: { accept: 'application/json' }, redirect: 'manual', signal });
    if (response.status >= 500) throw new Error(`it answered ${response.status}`);
    if (response.ok) return await response.json();
    await response.body?.cancel();
    return undefined;
  } catch (error) {
    throw misconfigured(`the issuer's metadata cannot be read from ${url}: ${reason(error)}`, error);
  }
}

/** Whoever can read or change what is on the way can make tokens. */
function secureUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const loopback = url?.hostname === 'localhost' || url?.hostname === '127.0.0.1';
  if (url && !url.search && !url.hash && (url.protocol === 'https:' || (url.protocol === 'http:' && loopback)))
    return url;
  throw misconfigured(
    `${what} has to be an https:// URL without query and fragment (http:// on this machine alone), not ${text}`,
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
