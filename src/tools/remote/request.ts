/** Requests a file over HTTPS, and follows redirects to allowed hosts. @module */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { ToolError } from '../../tool/errors.js';
import { checkedLookup, mayConnect, notPublic, type Resolve } from './addresses.js';
import { listsHost, REMOTE_VARIABLES, type RemoteSources } from './limits.js';

/** How many redirects to follow. */
const MOST_REDIRECTS = 5;
/** How long a server may be silent, in milliseconds. */
const IDLE = 30_000;
const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308]);

export interface RemoteRequest {
  readonly remote: RemoteSources | undefined;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Looks up a host. @default by the operating system */
  readonly resolve?: Resolve | undefined;
}

/** Returns whether a source is a URL, and not a path. */
export function isUrl(source: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(source);
}

/** Returns a URL for errors: without its query, which may contain a signature. */
export function shownUrl(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

/**
 * Sends the request. Checks the host and address of each redirect like those of the first URL.
 *
 * @throws ToolError if a URL is not allowed; the error of the connection
 */
export async function open({ remote, url, headers, signal, resolve }: RemoteRequest): Promise<IncomingMessage> {
  let at = url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const target = allowed(remote, at);
    const response = await send(target, { remote: remote!, headers, signal, resolve });
    const { location } = response.headers;
    if (!REDIRECTS.has(response.statusCode) || location === undefined) return response;
    response.destroy();
    if (!URL.canParse(location, at)) throw new ToolError(`${shownUrl(at)}: the server redirects to an invalid URL`);
    at = new URL(location, at).href;
  }
  throw new ToolError(`${shownUrl(url)}: the server redirects more than ${MOST_REDIRECTS} times`);
}

/** @throws ToolError if the tools may not download from this URL */
export function allowed(remote: RemoteSources | undefined, given: string): URL {
  const shown = shownUrl(given);
  if (!URL.canParse(given)) throw new ToolError(`${shown} is not a valid URL`);
  const url = new URL(given);
  if (url.protocol !== 'https:')
    throw new ToolError(
      `${shown}: only https:// URLs and paths can be sources; use ${url.protocol === 's3:' ? 'a presigned' : 'an'} https:// URL of the file`,
    );
  if (url.username !== '' || url.password !== '')
    throw new ToolError(`${url.origin}${url.pathname}: a URL must not contain a user name or password`);
  const hosts = [...(remote?.hosts ?? []), ...(remote?.privateHosts ?? [])];
  if (hosts.length === 0)
    throw new ToolError(
      `${shown}: this tool may not download files; use a path, or ask the operator to set ${REMOTE_VARIABLES.hosts}`,
    );
  if (listsHost(hosts, url)) return url;
  throw new ToolError(
    `${shown}: this tool may not download from ${url.host}, only from ${hosts.join(', ')}; ask the operator to add the host to ${REMOTE_VARIABLES.hosts}`,
  );
}

async function send(
  url: URL,
  { remote, headers, signal, resolve }: Omit<RemoteRequest, 'url' | 'remote'> & { readonly remote: RemoteSources },
): Promise<IncomingMessage> {
  const allowPrivate = listsHost(remote.privateHosts ?? [], url);
  // Node does not look up an address.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0 && !mayConnect(host, allowPrivate)) throw notPublic(url.hostname);
  return await new Promise<IncomingMessage>((settle, reject) => {
    const sent = request(url, {
      // A connection of its own, so that none is reused that was checked for another host.
      agent: false,
      headers: { ...headers, 'accept-encoding': 'identity', 'user-agent': 'mcp-tasks-temporal' },
      lookup: checkedLookup(allowPrivate, resolve),
      signal,
      timeout: IDLE,
      ...(remote.ca === undefined ? {} : { ca: [...rootCertificates, remote.ca] }),
    });
    sent.on('timeout', () => sent.destroy(new Error(`the server was silent for ${IDLE / 1_000} seconds`)));
    sent.on('error', reject);
    sent.on('response', settle);
    sent.end();
  });
}
