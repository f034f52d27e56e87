/** A Temporal server on PostgreSQL with mutual TLS: four services in one process, as in its image. @module */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection, type TLSConfig } from '@temporalio/client';
import { msToTs } from '../../../src/temporal/seam.js';
import pRetry from 'p-retry';
import { runCommand } from '../../../src/local/command.js';
import { LOOPBACK } from '../../../src/local/index.js';
import { choosePorts, type Ports } from '../../../src/local/ports.js';
import { certificateOf, SERVER_NAME, type Certificate } from './certificates.js';
import { Process } from './processes.js';

const SERVICES = ['frontend', 'history', 'matching', 'worker'] as const;
type Service = (typeof SERVICES)[number];
type PortName = Service | `${Service}Membership`;

const SCHEMAS = [
  { suffix: '', schema: 'postgresql/v12/temporal' },
  { suffix: '_visibility', schema: 'postgresql/v12/visibility' },
] as const;

export interface TemporalServer {
  readonly address: string;
  readonly process: Process;
  /** Restarts it after it has ended, on the same databases and ports. */
  again(): TemporalServer;
}

export interface ServerOptions {
  /** The executable of server/. */
  readonly program: string;
  /** The folder for its configuration. */
  readonly dir: string;
  /** The folder of its certificates. */
  readonly certificates: string;
  /** A PostgreSQL in which databases can be created. */
  readonly databaseUrl: string;
  /** The name of its database, and the prefix of its visibility database. @default temporal */
  readonly name?: string;
}

/** Starts a server with its own databases. */
export async function startTemporal({
  program,
  dir,
  certificates,
  databaseUrl,
  name = 'temporal',
}: ServerOptions): Promise<TemporalServer> {
  const database = new URL(databaseUrl);
  for (const { suffix, schema } of SCHEMAS) {
    const env = {
      ...process.env,
      SQL_PLUGIN: 'postgres12',
      SQL_HOST: database.hostname,
      SQL_PORT: database.port,
      SQL_USER: database.username,
      SQL_PASSWORD: database.password,
      SQL_DATABASE: name + suffix,
    };
    for (const step of [
      ['create-database', '--defaultdb', 'postgres'],
      ['setup-schema', '-v', '0.0'],
      ['update-schema', '--schema-name', schema],
    ]) {
      await runCommand(program, ['sql', ...step], { env, timeout: 120_000 });
    }
  }
  const ports = await choosePorts(
    SERVICES.flatMap((service): PortName[] => [service, `${service}Membership`]),
    {},
  );
  await mkdir(dir, { recursive: true });
  // JSON is valid YAML.
  await writeFile(join(dir, 'development.yaml'), JSON.stringify(configuration(database, name, ports, certificates)), {
    mode: 0o600,
  });
  const start = (): TemporalServer => ({
    address: `${LOOPBACK}:${ports.frontend}`,
    process: new Process('the Temporal server', program, ['start', dir]),
    again: start,
  });
  return start();
}

function configuration(database: URL, name: string, ports: Ports<PortName>, certificates: string): object {
  const sql = {
    pluginName: 'postgres12',
    connectAddr: database.host,
    connectProtocol: 'tcp',
    user: database.username,
    password: database.password,
  };
  const store = (databaseName: string, connections: number): object => ({
    sql: { ...sql, databaseName, maxConns: connections, maxIdleConns: connections, maxConnLifetime: '1h' },
  });
  const server = certificateOf(certificates, 'server');
  const system = certificateOf(certificates, 'admin');
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: 4,
      datastores: { default: store(name, 20), visibility: store(`${name}_visibility`, 10) },
    },
    global: {
      membership: { maxJoinDuration: '30s', broadcastAddress: LOOPBACK },
      tls: {
        frontend: {
          server: { certFile: server.cert, keyFile: server.key, clientCaFiles: [server.ca], requireClientAuth: true },
          client: { serverName: SERVER_NAME, rootCaFiles: [server.ca] },
        },
        systemWorker: {
          certFile: system.cert,
          keyFile: system.key,
          client: { serverName: SERVER_NAME, rootCaFiles: [system.ca] },
        },
      },
    },
    services: Object.fromEntries(
      SERVICES.map((service) => [
        service,
        { rpc: { grpcPort: ports[service], membershipPort: ports[`${service}Membership`], bindOnLocalHost: true } },
      ]),
    ),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `${LOOPBACK}:${ports.frontend}`,
        },
      },
    },
    publicClient: { hostPort: `${LOOPBACK}:${ports.frontend}` },
  };
}

export async function tlsOf({ cert, key, ca }: Certificate): Promise<TLSConfig> {
  return {
    serverNameOverride: SERVER_NAME,
    serverRootCACertificate: await readFile(ca),
    clientCertPair: { crt: await readFile(cert), key: await readFile(key) },
  };
}

/** Waits for the server, registers the namespaces and waits until they are usable. */
export async function makeNamespaces(
  { address, process: server }: TemporalServer,
  certificates: string,
  namespaces: readonly string[],
): Promise<void> {
  const tls = await tlsOf(certificateOf(certificates, 'admin'));
  const patience = { retries: 300, minTimeout: 200, factor: 1, shouldRetry: () => server.child.exitCode === null };
  try {
    const connection = await pRetry(
      async () => await Connection.connect({ address, tls, connectTimeout: 2_000 }),
      patience,
    );
    for (const namespace of namespaces) {
      await pRetry(
        async () =>
          await connection.workflowService.registerNamespace({
            namespace,
            workflowExecutionRetentionPeriod: msToTs('24 hours'),
          }),
        patience,
      );
      await pRetry(
        async () => await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 }),
        patience,
      );
    }
    await connection.close();
  } catch (error) {
    throw new Error(`The Temporal server cannot be used:\n${server.output.slice(-4000)}`, { cause: error });
  }
}
