/** Who can reach `serve`, and which options it requires before it lets them. */
import { expect, it } from 'vitest';
import { exposure, type ExposureOptions } from '../../src/cli/exposure.js';

const local: ExposureOptions = { host: '127.0.0.1', port: 3000, path: '/mcp', allowHost: [], allowOrigin: [] };
const auth = 'https://auth.example.com';
const resource = 'https://mcp.example.com/tasks';

it.each<[string, Partial<ExposureOptions>, string]>([
  ['to listen on every address without tokens', { host: '0.0.0.0' }, '--no-auth'],
  ['to listen on every IPv6 address without tokens', { host: '::' }, '--no-auth'],
  ['an empty host, which means every address', { host: '' }, '--no-auth'],
  ['an address in the network without tokens', { host: '192.0.2.7', allowHost: ['mcp.example.com'] }, '--no-auth'],
  ['a host name that only looks local', { host: '127.0.0.1.example.com' }, '--no-auth'],
  ['every address without the names it is reached by', { host: '0.0.0.0', auth: false }, '--allow-host'],
  ['tokens for an unknown URL', { host: '0.0.0.0', auth }, '--resource'],
  ['tokens if the port is not known yet', { port: 0, auth }, '--resource'],
  ['tokens for a resource that is not a URL', { auth, resource: 'mcp' }, 'mcp is not a URL'],
])('refuses %s', (_, options, message) => {
  expect(() => exposure({ ...local, ...options })).toThrow(
    expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining(message) }),
  );
});

it.each<[string, Partial<ExposureOptions>, object]>([
  [
    'clients on this machine',
    {},
    { allowedHosts: ['127.0.0.1'], allowedOrigins: ['127.0.0.1'], protection: undefined },
  ],
  [
    'clients on this machine over IPv6',
    { host: '::1' },
    { allowedHosts: ['[::1]'], allowedOrigins: ['[::1]'], protection: undefined },
  ],
  [
    'clients on this machine with tokens',
    { auth },
    {
      allowedHosts: ['127.0.0.1'],
      allowedOrigins: ['127.0.0.1'],
      protection: { issuer: auth, resource: 'http://127.0.0.1:3000/mcp' },
    },
  ],
  [
    'everybody, if explicitly allowed',
    { host: '0.0.0.0', auth: false, allowHost: ['inner'], allowOrigin: ['app'] },
    { allowedHosts: ['inner'], allowedOrigins: ['inner', 'app'], protection: undefined },
  ],
  [
    'everybody with a token',
    { host: '::', auth, resource },
    { allowedHosts: ['mcp.example.com'], allowedOrigins: ['mcp.example.com'], protection: { issuer: auth, resource } },
  ],
])('accepts %s', (_, options, expected) => {
  expect(exposure({ ...local, ...options })).toEqual(expected);
});
