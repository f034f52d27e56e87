/** The files that a connection names: temporal.toml, certificates, and the data converter's module. @module */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DataConverter, TLSConfig } from '@temporalio/client';
import { McpTasksError } from '../task/errors.js';
import type { ConnectionConfig, GatewayConfig } from './config.js';
import type { Explained } from './explain.js';
import { readNamed } from './named-file.js';
import type { Path } from './problem.js';

type Tls = Exclude<NonNullable<ConnectionConfig['tls']>, boolean>;
type NamedFile = readonly [path: Path, file: string | undefined, read: (file: string, dir: string) => Promise<unknown>];

/** Returns a problem for each of these files that cannot be loaded, with its place in the configuration. */
export async function connectionFileProblems(
  { temporal, namespaces = {} }: GatewayConfig,
  dir: string,
): Promise<Explained[]> {
  const files = [
    ...filesOf(temporal ?? {}, ['temporal']),
    ...Object.entries(namespaces).flatMap(([name, connection]) => filesOf(connection, ['namespaces', name])),
  ];
  const problems = files.map(async ([path, file, read]) =>
    file === undefined
      ? []
      : await read(file, dir).then(
          () => [],
          (error: Error) => [{ path, message: error.message }],
        ),
  );
  return (await Promise.all(problems)).flat();
}

function filesOf({ configFile, tls, dataConverter }: Partial<ConnectionConfig>, at: Path): NamedFile[] {
  const { ca, cert, key }: Tls = typeof tls === 'object' ? tls : {};
  return [
    [[...at, 'configFile'], configFile, readNamed],
    [[...at, 'tls', 'ca'], ca, readPem],
    [[...at, 'tls', 'cert'], cert, readPem],
    [[...at, 'tls', 'key'], key, readPem],
    [[...at, 'dataConverter'], dataConverter, importDataConverter],
  ];
}

/**
 * Reads the certificates and key of a connection.
 * @throws McpTasksError `CONFIGURATION` if one cannot be read or is not PEM
 */
export async function tlsConfig({ serverName, ca, cert, key }: Tls, dir: string): Promise<TLSConfig> {
  return {
    ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    ...(ca === undefined ? {} : { serverRootCACertificate: await readPem(ca, dir) }),
    ...(cert === undefined || key === undefined
      ? {}
      : { clientCertPair: { crt: await readPem(cert, dir), key: await readPem(key, dir) } }),
  };
}

/**
 * Imports the data converter that a module exports as its default.
 * @throws McpTasksError `CONFIGURATION` if the module cannot be imported or does not export a data converter
 */
export async function importDataConverter(path: string, dir: string): Promise<DataConverter> {
  const file = resolve(dir, path);
  await readNamed(path, dir);
  const { default: converter } = (await import(pathToFileURL(file).href).catch((error: Error) => {
    throw new McpTasksError('CONFIGURATION', `cannot import ${path}: ${error.message}`, { cause: error });
  })) as { default?: unknown };
  const isConverter =
    typeof converter === 'object' &&
    converter !== null &&
    ['payloadCodecs', 'payloadConverterPath', 'failureConverterPath'].some((key) => key in converter);
  if (!isConverter)
    throw new McpTasksError(
      'CONFIGURATION',
      `${path} does not export a data converter: make it the default export, such as export default { payloadCodecs: [codec] }`,
    );
  return converter;
}

async function readPem(path: string, dir: string): Promise<Buffer> {
  const pem = await readNamed(path, dir);
  if (!pem.includes('-----BEGIN '))
    throw new McpTasksError(
      'CONFIGURATION',
      `${path} is not a PEM file: it must contain a line such as -----BEGIN CERTIFICATE-----`,
    );
  return pem;
}
