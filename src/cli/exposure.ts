/** Decides who can reach a server, and what protection that requires. @module */
import { McpTasksError } from '../task/errors.js';
import { httpUrl, isEveryAddress, isLoopback } from '../mcp/http/node-server.js';

export interface ExposureOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** The issuer; `false` if the operator has chosen no authentication (`--no-auth`). */
  readonly auth?: string | false;
  /** The server's public URL. */
  readonly resource?: string;
  readonly allowHost: readonly string[];
  readonly allowOrigin: readonly string[];
}

export interface Exposure {
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** The issuer and resource of the tokens that callers need; `undefined` if none are required. */
  readonly protection: { readonly issuer: string; readonly resource: string } | undefined;
}

/**
 * @throws McpTasksError `CONFIGURATION` if the tools would be reachable without authentication, if authentication needs
 * a resource URL, or if no host name is known that clients may use
 */
export function exposure({ host, port, path, auth, resource, allowHost, allowOrigin }: ExposureOptions): Exposure {
  const local = isLoopback(host);
  if (!local && auth === undefined) {
    throw new McpTasksError(
      'CONFIGURATION',
      `refusing to listen on ${host || 'every address'}: the tools would be reachable without authentication. Pass --auth <issuer> to require access tokens, or --no-auth if a proxy in front of this server authenticates callers`,
    );
  }
  if (typeof auth === 'string' && resource === undefined && (!local || port === 0)) {
    throw new McpTasksError(
      'CONFIGURATION',
      '--auth needs --resource <url>, the URL at which clients reach this server',
    );
  }
  const names = [
    ...allowHost,
    ...(resource === undefined ? [] : [hostName(resource)]),
    ...(isEveryAddress(host) ? [] : [hostName(httpUrl(host, 1, '/'))]),
  ];
  if (names.length === 0) {
    throw new McpTasksError(
      'CONFIGURATION',
      'pass --allow-host <name>, the host name at which clients reach this server: requests for any other host are refused (DNS rebinding)',
    );
  }
  return {
    allowedHosts: names,
    allowedOrigins: [...names, ...allowOrigin],
    protection:
      typeof auth === 'string' ? { issuer: auth, resource: resource ?? httpUrl(host, port, path) } : undefined,
  };
}

function hostName(url: string): string {
  if (URL.canParse(url)) return new URL(url).hostname;
  throw new McpTasksError('CONFIGURATION', `${url} is not a URL`);
}
