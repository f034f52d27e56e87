/** Turns a gateway file's connection settings into the options that the engine takes. @module */
import { resolve } from 'node:path';
import type { DataConverter } from '@temporalio/client';
import { McpTasksError } from '../task/errors.js';
import { remoteCodec } from '../temporal/connection/remote-codec.js';
import { configuredTarget, type TemporalOptions } from '../temporal/connection/target.js';
import type { ConnectionConfig } from './config.js';
import { importDataConverter, tlsConfig } from './connection-files.js';
import type { LoadedGateway } from './load.js';

export type Encoding = Pick<ConnectionConfig, 'codec' | 'dataConverter'>;

/** How to connect to each namespace of a gateway's tools. */
export interface Connections {
  readonly temporal: TemporalOptions;
  /** Options by namespace, for those that differ from `temporal`. */
  readonly namespaces: Readonly<Record<string, TemporalOptions>>;
  /** Returns how the payloads of a namespace are encoded. */
  readonly encoding: (namespace: string) => Encoding;
  /** Returns the data converter that matches the workers of a namespace, built from its `encoding`. */
  readonly dataConverter: (namespace: string) => DataConverter | undefined;
  /** Returns all options for a namespace; `undefined` is the connection's own namespace. */
  of(namespace: string | undefined): TemporalOptions;
}

/**
 * Resolves the connections of a gateway.
 * @param serverDir where a dev server keeps its files, if no Temporal is configured
 * @throws McpTasksError `CONFIGURATION` if a certificate or a data converter cannot be read, or if every tool names a
 *   namespace and only single namespaces have an address
 */
export async function connectionsOf(
  { config, dir, tools }: LoadedGateway,
  serverDir: string | undefined,
): Promise<Connections> {
  const { temporal: own = {}, namespaces: named = {} } = config;
  const temporal = { ...(serverDir === undefined ? {} : { dir: serverDir }), ...(await temporalOptions(own, dir)) };
  const given = Object.entries(named).map(
    async ([name, connection]) =>
      [name, { ...profiled(connection), ...(await temporalOptions(connection, dir)) }] as const,
  );
  const namespaces: Connections['namespaces'] = Object.fromEntries(await Promise.all(given));
  const of: Connections['of'] = (namespace) =>
    namespace === undefined ? temporal : { ...temporal, ...namespaces[namespace], namespace };
  const hasAddress = (namespace: string | undefined): boolean => configuredTarget(of(namespace)).address !== undefined;
  // Otherwise a dev server would start that no tool uses, next to the cluster that was meant.
  if (
    !tools.some(({ namespace }) => namespace === undefined) &&
    !hasAddress(undefined) &&
    tools.some(({ namespace }) => hasAddress(namespace))
  ) {
    throw new McpTasksError(
      'CONFIGURATION',
      'say under `temporal` where Temporal is, or by TEMPORAL_ADDRESS: `namespaces` says only what is different for one',
    );
  }
  const encoding: Connections['encoding'] = (namespace) => ({ ...own, ...named[namespace] });
  return {
    temporal,
    namespaces,
    encoding,
    dataConverter: await dataConverters([own, ...Object.values(named)], encoding, dir),
    of,
  };
}

/**
 * Keeps a namespace with its own profile or config file from inheriting the connection's settings, including those from
 * the environment. Otherwise the connection's API key would be sent to another cluster.
 */
function profiled({ profile, configFile }: Partial<ConnectionConfig>): TemporalOptions {
  return profile === undefined && configFile === undefined
    ? {}
    : { address: undefined, apiKey: undefined, tls: undefined, environment: false };
}

async function temporalOptions(
  { address, namespace, profile, configFile, apiKey, tls }: Partial<ConnectionConfig>,
  dir: string,
): Promise<TemporalOptions> {
  return {
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(profile === undefined ? {} : { profile }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(configFile === undefined ? {} : { configFile: resolve(dir, configFile) }),
    ...(tls === undefined ? {} : { tls: typeof tls === 'boolean' ? tls : await tlsConfig(tls, dir) }),
  };
}

/**
 * Builds the data converter of each namespace: the one its module exports, with the codec server added after the
 * module's codecs. The codec server is told the namespace.
 */
async function dataConverters(
  all: readonly Encoding[],
  encoding: Connections['encoding'],
  dir: string,
): Promise<Connections['dataConverter']> {
  const paths = new Set(all.flatMap(({ dataConverter }) => dataConverter ?? []));
  const modules = new Map(
    await Promise.all([...paths].map(async (path) => [path, await importDataConverter(path, dir)] as const)),
  );
  return (namespace) => {
    const { dataConverter: path, codec } = encoding(namespace);
    const converter = path === undefined ? undefined : modules.get(path);
    return codec
      ? { ...converter, payloadCodecs: [...(converter?.payloadCodecs ?? []), remoteCodec({ ...codec, namespace })] }
      : converter;
  };
}
