/** Turns a gateway file's connection settings into the options that the engine takes. @module */
import { resolve } from 'node:path';
import type { DataConverter } from '@temporalio/client';
import { encryption, encryptionFromEnv } from '../encryption/encryption.js';
import { McpTasksError } from '../task/errors.js';
import { remoteCodec } from '../temporal/connection/remote-codec.js';
import { configuredTarget, type TemporalOptions } from '../temporal/connection/target.js';
import type { ConnectionConfig } from './config.js';
import { importDataConverter, tlsConfig } from './connection-files.js';
import type { LoadedGateway } from './load.js';

export type Encoding = Pick<ConnectionConfig, 'codec' | 'dataConverter' | 'encryption'>;

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
  readonly optionsFor: (namespace: string | undefined) => TemporalOptions;
}

/**
 * Resolves the connections of a gateway.
 * @param serverDir where a dev server keeps its files, if no Temporal is configured
 * @throws McpTasksError `CONFIGURATION` if a certificate or a data converter cannot be read, or if every tool names a
 *   namespace and only individual namespaces have an address
 */
export async function connectionsOf(
  { config, dir, tools }: LoadedGateway,
  serverDir: string | undefined,
): Promise<Connections> {
  const { temporal: connection = {}, namespaces: overrides = {} } = config;
  const temporal = {
    ...(serverDir === undefined ? {} : { dir: serverDir }),
    ...(await temporalOptions(connection, dir)),
  };
  const namespaceEntries = Object.entries(overrides).map(
    async ([name, override]) =>
      [name, { ...withoutInherited(override), ...(await temporalOptions(override, dir)) }] as const,
  );
  const namespaces: Connections['namespaces'] = Object.fromEntries(await Promise.all(namespaceEntries));
  const optionsFor: Connections['optionsFor'] = (namespace) =>
    namespace === undefined ? temporal : { ...temporal, ...namespaces[namespace], namespace };
  requireAddress(tools, optionsFor);
  const encoding: Connections['encoding'] = (namespace) => ({ ...connection, ...overrides[namespace] });
  return {
    temporal,
    namespaces,
    encoding,
    dataConverter: await dataConverters([connection, ...Object.values(overrides)], encoding, dir),
    optionsFor,
  };
}

/**
 * Rejects addresses for individual namespaces if the connection itself has none and no tool uses it. A dev server would
 * start that no tool uses, next to the cluster that was meant.
 * @throws McpTasksError `CONFIGURATION`
 */
function requireAddress(tools: LoadedGateway['tools'], optionsFor: Connections['optionsFor']): void {
  const hasAddress = (namespace: string | undefined): boolean =>
    configuredTarget(optionsFor(namespace)).address !== undefined;
  const isConnectionUsed = tools.some(({ namespace }) => namespace === undefined);
  if (isConnectionUsed || hasAddress(undefined) || !tools.some(({ namespace }) => hasAddress(namespace))) return;
  throw new McpTasksError(
    'CONFIGURATION',
    'only individual namespaces have an address: set `temporal.address` or TEMPORAL_ADDRESS as well',
  );
}

/**
 * Keeps a namespace with its own profile or config file from inheriting the connection's settings, including those from
 * the environment. Otherwise the connection's API key would be sent to another cluster.
 */
function withoutInherited({ profile, configFile }: Partial<ConnectionConfig>): TemporalOptions {
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
 * Builds the data converter of each namespace: the one its module exports, with encryption and the codec server added
 * after the module's codecs. The codec server is told the namespace.
 * @throws McpTasksError `CONFIGURATION` if the keys for encryption are missing, invalid or weak
 */
async function dataConverters(
  encodings: readonly Encoding[],
  encoding: Connections['encoding'],
  dir: string,
): Promise<Connections['dataConverter']> {
  const paths = new Set(encodings.flatMap(({ dataConverter }) => dataConverter ?? []));
  const modules = new Map(
    await Promise.all([...paths].map(async (path) => [path, await importDataConverter(path, dir)] as const)),
  );
  // The keys are read once, and checked before anything is opened.
  const encrypted = new Map(
    [undefined, ...modules.values()].map((converter) => [converter, encryptionFromEnv(process.env, converter)]),
  );
  if (encodings.some(({ encryption: wanted }) => wanted)) encryption();
  return (namespace) => {
    const { dataConverter: path, codec, encryption: wanted = path === undefined && !codec } = encoding(namespace);
    const plain = path === undefined ? undefined : modules.get(path);
    const converter = wanted ? encrypted.get(plain) : plain;
    return codec
      ? { ...converter, payloadCodecs: [...(converter?.payloadCodecs ?? []), remoteCodec({ ...codec, namespace })] }
      : converter;
  };
}
