/** Who can reach a server, and what protection that requires. @module */
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
      `at ${host || 'every address'} other machines could call the tools: protect them with --auth <issuer>, or say --no-auth if something in front of this server does`,
    );
  }
  if (typeof auth === 'string' && resource === undefined && (!local || port === 0)) {
    throw new McpTasksError(
      'CONFIGURATION',
      '--auth needs --resource <url>, the URL that clients reach this server by',
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
      `say by which name clients reach this server, --allow-host <name>: requests for any other name are refused (DNS rebinding)`,
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
