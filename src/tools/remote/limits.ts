/** Which servers the tools may download sources from, and how much: a part of the tools' configuration. @module */
import { milliseconds, type Duration } from '../../task/duration.js';
import { McpTasksError } from '../../task/errors.js';

/** From which servers the tools may download a source whose path is an `https://` URL. */
export interface RemoteSources {
  /**
   * The hosts, each as `data.example.com`, `*.example.com` for all of its subdomains, or `data.example.com:8443`. Without
   * a port, 443. Redirects lead only to these hosts, and only to public addresses.
   */
  readonly hosts: readonly string[];
  /**
   * Hosts, in the same form, whose addresses may be private ones or those of this machine. They need not be in `hosts`.
   * @default none
   */
  readonly privateHosts?: readonly string[];
  /** The largest file, in bytes. @default 10,000,000,000 */
  readonly bytes?: number;
  /** How long one attempt to download a file may take, such as `'90 minutes'`. @default '1 hour' */
  readonly time?: Duration;
  /** Certificates to trust besides those of Node.js, in PEM. @default none */
  readonly ca?: string;
}

export const DEFAULT_BYTES = 10_000_000_000;
export const DEFAULT_DOWNLOAD_TIME: Duration = '1 hour';

/** The variables that set the options. */
export const REMOTE_VARIABLES = {
  hosts: 'MCP_TASKS_REMOTE_HOSTS',
  privateHosts: 'MCP_TASKS_REMOTE_PRIVATE_HOSTS',
  bytes: 'MCP_TASKS_REMOTE_BYTES',
  time: 'MCP_TASKS_REMOTE_TIME',
} as const;

const HOST = /^(?:\*\.)?(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * Reads the options from the environment; hosts are separated by commas.
 *
 * @throws McpTasksError `CONFIGURATION` if a value is invalid; names the variable
 */
export function remoteSourcesFromEnv(env: Readonly<Record<string, string | undefined>>): RemoteSources | undefined {
  const list = (variable: string): string[] =>
    (env[variable] ?? '')
      .split(',')
      .map((host) => host.trim())
      .filter(Boolean);
  const hosts = list(REMOTE_VARIABLES.hosts);
  const privateHosts = list(REMOTE_VARIABLES.privateHosts);
  const bytes = env[REMOTE_VARIABLES.bytes];
  const time = env[REMOTE_VARIABLES.time];
  const remote: RemoteSources = {
    hosts,
    ...(privateHosts.length > 0 ? { privateHosts } : {}),
    ...(bytes ? { bytes: Number(bytes) } : {}),
    ...(time ? { time: time as Duration } : {}),
  };
  checkRemoteSources(remote, (option) => REMOTE_VARIABLES[option as keyof typeof REMOTE_VARIABLES]);
  return hosts.length + privateHosts.length > 0 ? remote : undefined;
}

/** @throws McpTasksError `CONFIGURATION` if a host or limit is invalid */
export function checkRemoteSources(
  { hosts, privateHosts = [], bytes = DEFAULT_BYTES, time = DEFAULT_DOWNLOAD_TIME }: RemoteSources,
  name = (option: string): string => `\`remote.${option}\``,
): void {
  for (const [option, listed] of [
    ['hosts', hosts],
    ['privateHosts', privateHosts],
  ] as const) {
    const bad = listed.find((host) => !HOST.test(host));
    if (bad !== undefined)
      throw new McpTasksError(
        'CONFIGURATION',
        `${name(option)}: "${bad}" is not a host; write it as data.example.com, *.example.com or data.example.com:8443`,
      );
  }
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new McpTasksError('CONFIGURATION', `${name('bytes')} must be a whole number of at least 1`);
  milliseconds(time, name('time').replaceAll('`', ''));
}

/** Returns a sentence for a tool's description: which URLs a source can be. */
export function remoteHint(remote: RemoteSources | undefined): string {
  const hosts = [...(remote?.hosts ?? []), ...(remote?.privateHosts ?? [])];
  return hosts.length === 0 ? '' : ` A source can also be an https:// URL on one of these hosts: ${hosts.join(', ')}.`;
}

/** Returns whether a list of hosts contains that of a URL. */
export function listsHost(hosts: readonly string[], url: URL): boolean {
  const port = url.port === '' ? '443' : url.port;
  return hosts.some((listed) => {
    const [, name = '', listedPort = '443'] = /^(.*?)(?::(\d+))?$/.exec(listed.toLowerCase()) ?? [];
    if (listedPort !== port) return false;
    return name.startsWith('*.') ? url.hostname.endsWith(name.slice(1)) : url.hostname === name;
  });
}
