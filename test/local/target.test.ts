import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { resolveTemporalTarget, type TemporalOptions } from '../../src/temporal/connection/target.js';
import { acquireDevServer } from '../../src/temporal/dev-server/index.js';
import { cleanUpLocalServices, temporaryDirectory } from '../helpers/local-services.js';

afterEach(cleanUpLocalServices);

let dir: string;

beforeEach(async () => {
  dir = await temporaryDirectory();
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('TEMPORAL_')) vi.stubEnv(name, undefined);
  }
  vi.stubEnv('TEMPORAL_CLI_PATH', inject('temporalCli'));
  // Keep the user's own configuration file out of the tests.
  vi.stubEnv('XDG_CONFIG_HOME', dir);
  vi.stubEnv('HOME', dir);
  vi.stubEnv('APPDATA', dir);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

function profiles(text: string): string {
  const file = join(dir, 'temporal.toml');
  writeFileSync(file, text);
  return file;
}

async function explicit(options: TemporalOptions = {}) {
  const target = await resolveTemporalTarget({ dir, ...options });
  expect(target.explicit).toBe(true);
  expect(existsSync(join(dir, 'temporal'))).toBe(false);
  await target.release();
  return target;
}

describe('an explicit Temporal address', () => {
  it('can be an option', async () => {
    const target = await explicit({ address: 'cluster:7233', namespace: 'n' });
    expect(target).toMatchObject({
      address: 'cluster:7233',
      namespace: 'n',
      connectionOptions: { address: 'cluster:7233' },
    });
    expect(target).not.toHaveProperty('uiUrl');
  });

  it('can be in the environment', async () => {
    vi.stubEnv('TEMPORAL_ADDRESS', 'cluster:1');
    vi.stubEnv('TEMPORAL_NAMESPACE', 'n');
    vi.stubEnv('TEMPORAL_API_KEY', 'secret');
    vi.stubEnv('TEMPORAL_GRPC_META_TEAM', 'a');
    const { namespace, connectionOptions } = await explicit();
    expect(namespace).toBe('n');
    expect(connectionOptions).toEqual({ address: 'cluster:1', apiKey: 'secret', tls: true, metadata: { team: 'a' } });
  });

  it('can be in the environment with a trailing line break', async () => {
    vi.stubEnv('TEMPORAL_ADDRESS', 'cluster:1\n');
    vi.stubEnv('TEMPORAL_API_KEY', 'secret\r\n');
    expect((await explicit()).connectionOptions).toEqual({ address: 'cluster:1', apiKey: 'secret', tls: true });
    expect((await explicit({ address: 'a:1 ', apiKey: 'k\n' })).connectionOptions).toMatchObject({
      address: 'a:1',
      apiKey: 'k',
    });
  });

  it('can be in a profile of a file that an option or the environment names', async () => {
    const text = '[profile.default]\naddress = "a:1"\n[profile.prod]\naddress = "b:2"\nnamespace = "p"\n';
    const configFile = profiles(text);
    expect((await explicit({ configFile })).address).toBe('a:1');
    expect(await explicit({ configFile, profile: 'prod' })).toMatchObject({ address: 'b:2', namespace: 'p' });
    vi.stubEnv('TEMPORAL_CONFIG_FILE', configFile);
    vi.stubEnv('TEMPORAL_PROFILE', 'prod');
    expect((await explicit()).address).toBe('b:2');
  });

  it('comes from the option first, then the environment, then the file', async () => {
    vi.stubEnv('TEMPORAL_CONFIG_FILE', profiles('[profile.default]\naddress = "file:1"\nnamespace = "file"\n'));
    vi.stubEnv('TEMPORAL_ADDRESS', 'env:1');
    expect(await explicit()).toMatchObject({ address: 'env:1', namespace: 'file' });
    expect((await explicit({ address: 'option:1' })).address).toBe('option:1');
  });

  it('uses TLS if the options say so, or if there is an API key', async () => {
    expect((await explicit({ address: 'a:1', apiKey: 'k' })).connectionOptions.tls).toBe(true);
    expect((await explicit({ address: 'a:1', apiKey: 'k', tls: false })).connectionOptions.tls).toBe(false);
    const tls = { serverNameOverride: 'a' };
    expect((await explicit({ address: 'a:1', tls })).connectionOptions.tls).toEqual(tls);
  });
});

describe('without an address', () => {
  it('uses the dev server for a profile with only a namespace, or an empty variable', async () => {
    vi.stubEnv('TEMPORAL_CONFIG_FILE', profiles('[profile.default]\nnamespace = "default"\napi_key = "not-for-it"\n'));
    vi.stubEnv('TEMPORAL_ADDRESS', '');
    const own = await acquireDevServer({ dir, log: () => {} });
    const target = await resolveTemporalTarget({ dir });
    expect(target).toMatchObject({ explicit: false, address: own.address, namespace: 'default' });
    expect(target.connectionOptions).toEqual({ address: own.address });
    await Promise.all([own.release(), target.release()]);
  });
});

describe('an invalid configuration', () => {
  it.each([
    ['a missing file', () => ({ configFile: join(dir, 'missing.toml') }), /missing\.toml does not exist/],
    ['a missing profile', () => ({ configFile: profiles('[profile.a]\n'), profile: 'b' }), /Profile 'b' not found/],
    ['a file without profiles', () => ({ configFile: profiles('') }), /no \[profile/],
    ['a file that is not TOML', () => ({ configFile: profiles('a = = b') }), /Cannot load/],
    [
      'a missing certificate',
      () => ({
        configFile: profiles(
          '[profile.default]\naddress = "a:1"\n[profile.default.tls]\nserver_ca_cert_path = "/missing.pem"\n',
        ),
      }),
      /missing\.pem/,
    ],
  ])('%s', async (_what, options, message) => {
    await expect(resolveTemporalTarget({ dir, ...options() })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(message) as string,
    });
    expect(existsSync(join(dir, 'temporal'))).toBe(false);
  });

  const PEM = '-----BEGIN PRIVATE KEY-----\nhush-hush\n-----END PRIVATE KEY-----\n';
  const tls = (line: string): string => `[profile.default]\naddress = "a:1"\n[profile.default.tls]\n${line}\n`;
  it.each<[string, Record<string, string>, () => TemporalOptions, RegExp]>([
    [
      'an API key of two lines',
      { TEMPORAL_API_KEY: 'hush-hush\nx' },
      () => ({ address: 'a:1' }),
      /API key \(TEMPORAL_API_KEY\): .*line break/,
    ],
    [
      'an API key with a typographic quote',
      {},
      () => ({ address: 'a:1', apiKey: '“hush-hush”' }),
      /API key .*: .*quote/,
    ],
    ['an invalid header', { TEMPORAL_GRPC_META_TOKEN: 'hush-hush\nx' }, () => ({ address: 'a:1' }), /header token/],
    ['an address that is a URL', {}, () => ({ address: 'https://u:hush-hush@a:1' }), /address .*host and port/],
    [
      'a key in place of its path',
      { TEMPORAL_TLS_CLIENT_KEY_PATH: PEM },
      () => ({ address: 'a:1' }),
      /TEMPORAL_TLS_CLIENT_KEY_PATH: .*a path is expected/,
    ],
    [
      'the same in base64',
      { TEMPORAL_TLS_CLIENT_KEY_PATH: Buffer.from(PEM).toString('base64') },
      () => ({ address: 'a:1' }),
      /a path is expected/,
    ],
    [
      'the same in a profile',
      {},
      () => ({ configFile: profiles(tls(`client_key_path = ${JSON.stringify(PEM)}`)) }),
      /a path is expected/,
    ],
    [
      'a profile in place of its file',
      { TEMPORAL_CONFIG_FILE: '[profile.default]\napi_key = "hush-hush"' },
      () => ({}),
      /TEMPORAL_CONFIG_FILE\): .*a path is expected/,
    ],
    [
      'a secret on a line that is not valid TOML',
      {},
      () => ({ configFile: profiles('[profile.default]\napi_key = "hush-hush') }),
      /line 2, column \d+/,
    ],
  ])('the error does not repeat %s', async (_what, env, options, message) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const error = await resolveTemporalTarget({ dir, ...options() }).then(
      () => expect.fail('it was taken'),
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ code: 'CONFIGURATION', message: expect.stringMatching(message) as string });
    expect(inspect(error)).not.toMatch(/hush-hush|aHVzaC1odXNo/);
  });
});
