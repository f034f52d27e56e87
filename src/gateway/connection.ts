/** A gateway's connection as the engine takes it. @module */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DataConverter, TLSConfig } from '@temporalio/client';
import { McpTasksError } from '../task/errors.js';
import { remoteCodec } from '../temporal/remote-codec.js';
import type { TemporalOptions } from '../temporal/target.js';
import type { ConnectionConfig } from './config.js';
import type { LoadedGateway } from './load.js';

/** How to get to each namespace of a gateway's tools. */
export interface Connections {
  readonly temporal: TemporalOptions;
  /** Where they differ from `temporal`. */
  readonly namespaces: Readonly<Record<string, TemporalOptions>>;
  readonly dataConverter: DataConverter | undefined;
  /** All of what is said of one; `undefined` is the connection's own. */
  of(namespace: string | undefined): TemporalOptions;
}

/**
 * @param serverDir where a dev server keeps its files, should there be no Temporal
 * @throws McpTasksError `CONFIGURATION` if a certificate or the data converter cannot be read
 */
export async function connectionsOf({ config, dir }: LoadedGateway, serverDir: string | undefined): Promise<Connections> {
  const own = config.temporal ?? {};
  const temporal = { ...(serverDir === undefined ? {} : { dir: serverDir }), ...(await temporalOptions(own, dir)) };
  const given = Object.entries(config.namespaces ?? {}).map(async ([name, connection]) => [name, await temporalOptions(connection, dir)] as const);
  const namespaces: Connections['namespaces'] = Object.fromEntries(await Promise.all(given));
  return {
    temporal,
    namespaces,
    dataConverter: await dataConverterOf(own, dir, own.namespace ?? (process.env['TEMPORAL_NAMESPACE'] || 'default')),
    of: (namespace) => (namespace === undefined ? temporal : { ...temporal, ...namespaces[namespace], namespace }),
  };
}

async function temporalOptions({ address, namespace, profile, configFile, apiKey, tls }: Partial<ConnectionConfig>, dir: string): Promise<TemporalOptions> {
  return {
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(profile === undefined ? {} : { profile }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(configFile === undefined ? {} : { configFile: resolve(dir, configFile) }),
    ...(tls === undefined ? {} : { tls: typeof tls === 'boolean' ? tls : await tlsConfig(tls, dir) }),
  };
}

/** The workers' data converter: a module's, and a codec server after its codecs. */
async function dataConverterOf({ dataConverter: path, codec }: ConnectionConfig, dir: string, namespace: string): Promise<DataConverter | undefined> {
  const converter = path === undefined ? undefined : await importDataConverter(path, dir);
  return codec ? { ...converter, payloadCodecs: [...(converter?.payloadCodecs ?? []), remoteCodec({ ...codec, namespace })] } : converter;
}

async function importDataConverter(path: string, dir: string): Promise<DataConverter> {
  const { default: converter } = (await import(pathToFileURL(resolve(dir, path)).href)) as { default?: unknown };
  if (typeof converter === 'object' && converter !== null) return converter;
  throw new McpTasksError('CONFIGURATION', `${path}: export the data converter as default, such as { payloadCodecs: [codec] }`);
}

async function tlsConfig({ serverName, ca, cert, key }: Exclude<NonNullable<ConnectionConfig['tls']>, boolean>, dir: string): Promise<TLSConfig> {
  if ((cert === undefined) !== (key === undefined)) throw new McpTasksError('CONFIGURATION', 'tls: `cert` and `key` go together');
  const pem = async (path: string): Promise<Buffer> =>
    await readFile(resolve(dir, path)).catch((error: Error) => {
      throw new McpTasksError('CONFIGURATION', `tls: ${path} cannot be read: ${error.message}`, { cause: error });
    });
  return {
    ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    ...(ca === undefined ? {} : { serverRootCACertificate: await pem(ca) }),
    ...(cert === undefined || key === undefined ? {} : { clientCertPair: { crt: await pem(cert), key: await pem(key) } }),
  };
}
