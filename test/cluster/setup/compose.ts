/**
 * Reads docker-compose.yml with the Compose Specification's own implementation, and runs its services without
 * containers.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { runCommand } from '../../../src/local/command.js';
import { LOOPBACK } from '../../../src/local/index.js';
import { choosePorts } from '../../../src/local/ports.js';
import { certificateOf, SERVER_NAME } from './certificates.js';
import { connection, serving, startCli, type McpServer } from './nodes.js';
import { Process } from './processes.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
export const composeFile = join(root, 'docker-compose.yml');

export interface Service {
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly { readonly source: string }[];
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** What the file has no default for. */
const SECRETS: Readonly<Record<string, string>> = {
  MCP_TASKS_KEY: randomBytes(32).toString('base64'),
  POSTGRES_PASSWORD: randomBytes(16).toString('hex'),
};

/**
 * Reads a compose file with variables, anchors and defaults resolved.
 * @param secrets what its user has in `.env`. Filled in here, because that implementation's program reads no environment
 * @throws Error that says what is wrong with it
 */
export async function readCompose(file = composeFile, secrets = SECRETS): Promise<Compose> {
  const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-compose-'));
  try {
    const filled = join(dir, 'compose.yml');
    const text = await readFile(file, 'utf8');
    await writeFile(
      filled,
      text.replaceAll(/\$\{(\w+):\?[^}]*\}/g, (variable, name: string) => secrets[name] ?? variable),
    );
    const output = await runCommand(inject('cluster').compose, ['-format', 'json', filled], {
      cwd: root,
      env: { PATH: process.env['PATH'] },
      timeout: 30_000,
    });
    return JSON.parse(output) as Compose;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The port in the containers, replaced by another one here. */
const PORT = '3000';
const EVERY_ADDRESS = '0.0.0.0';

/** Starts the MCP server as the service describes it, with different addresses. */
export async function startComposeServer({ command, environment }: Service): Promise<McpServer> {
  const { port } = await choosePorts(['port'], {});
  const args = command.map((argument) => (argument === EVERY_ADDRESS ? LOOPBACK : argument));
  return await serving(
    startCli('mcp-server', [...args, '--port', String(port)], { ...environment, ...connection('tasks') }),
  );
}

/** Starts the worker as the service describes it. @param data the folder that replaces its volume */
export function startComposeWorker({ command, environment }: Service, data: string): Process {
  return startCli(
    'worker',
    command,
    { ...environment, ...connection('worker'), DATABASE_URL: inject('cluster').databaseUrl, MCP_TASKS_ROOTS: data },
    data,
  );
}

/** Runs the service's health check once, as the container engine would. @throws Error if the service is unhealthy */
export async function checkHealth({ healthcheck: { test } }: Service, port = ''): Promise<void> {
  const [kind, program = '', ...args] = test;
  if (kind !== 'CMD' || program !== 'node') throw new Error(`a health check by ${test.join(' ')} needs its container`);
  const env = { ...process.env, ...connection('worker') };
  await runCommand(
    process.execPath,
    args.map((argument) => argument.replaceAll(PORT, port)),
    { cwd: join(root, 'docker'), env, timeout: 20_000 },
  );
}

/** Starts Temporal's UI the way its image does. @returns its URL, which may take a moment to respond */
export async function startUi(dir: string): Promise<URL> {
  const { ui, address, certificates } = inject('cluster');
  const { port } = await choosePorts(['port'], {});
  const { cert, key, ca } = certificateOf(certificates, 'reader');
  await mkdir(dir, { recursive: true });
  // JSON is valid YAML.
  await writeFile(
    join(dir, 'development.yaml'),
    JSON.stringify({
      temporalGrpcAddress: address,
      host: LOOPBACK,
      port,
      enableUi: true,
      tls: { caFile: ca, certFile: cert, keyFile: key, serverName: SERVER_NAME, enableHostVerification: true },
    }),
  );
  void new Process('temporal-ui', ui, ['--root', dir, '--config', '.', 'start']);
  return new URL(`http://${LOOPBACK}:${port}`);
}
