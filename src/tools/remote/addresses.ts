/** Looks up hosts, and refuses addresses that are not public. @module */
import { lookup as resolve } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { ToolError } from '../../tool/errors.js';

/**
 * Addresses that are not those of public servers.
 * https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const NOT_PUBLIC = new BlockList();
for (const range of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]) {
  const [address, bits] = range.split('/');
  NOT_PUBLIC.addSubnet(address!, Number(bits), 'ipv4');
}
/** All public IPv6 addresses are in this range. */
const GLOBAL = new BlockList();
GLOBAL.addSubnet('2000::', 3, 'ipv6');
for (const range of ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']) {
  const [address, bits] = range.split('/');
  NOT_PUBLIC.addSubnet(address!, Number(bits), 'ipv6');
}

/** Where cloud machines find their credentials. Never a source, not even with private addresses. */
const NEVER = new BlockList();
NEVER.addSubnet('169.254.0.0', 16, 'ipv4');
NEVER.addSubnet('fe80::', 10, 'ipv6');
NEVER.addAddress('fd00:ec2::254', 'ipv6');
NEVER.addAddress('100.100.100.200', 'ipv4');

/** Returns whether a download may connect to an address. */
export function mayConnect(address: string, allowPrivate: boolean): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const mapped = family === 6 ? /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] : undefined;
  if (mapped !== undefined) return mayConnect(mapped, allowPrivate);
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  if (NEVER.check(address, kind)) return false;
  if (allowPrivate) return true;
  return !NOT_PUBLIC.check(address, kind) && (family === 4 || GLOBAL.check(address, 'ipv6'));
}

export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

const RESOLVE: Resolve = async (host) => await resolve(host, { all: true, verbatim: true });

/**
 * Returns a `lookup` for a connection. The connection is made to an address that it has returned, so the name can't be
 * resolved to another one between the check and the connection.
 */
export function checkedLookup(allowPrivate: boolean, resolveAll = RESOLVE): LookupFunction {
  return (host, options, callback) => {
    const answer = callback as (error: Error | null, address?: string | LookupAddress[], family?: number) => void;
    const found = resolveAll(host).then((addresses) => {
      const [first] = addresses;
      if (first === undefined || addresses.some(({ address }) => !mayConnect(address, allowPrivate)))
        throw notPublic(host);
      return { all: [...addresses], first };
    });
    void found.then(
      ({ all, first }) => (options.all === true ? answer(null, all) : answer(null, first.address, first.family)),
      (error: Error) => answer(error),
    );
  };
}

export function notPublic(host: string): ToolError {
  return new ToolError(
    `the address of the host "${host}" is not a public one; ask the operator whether to add the host to MCP_TASKS_REMOTE_PRIVATE_HOSTS`,
  );
}
