/** The processes around Temporal: MCP servers and workers, each with the certificate of its role. @module */
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { certificateOf, tlsVariables, type Namespace, type Role } from './certificates.js';
import { Process } from './processes.js';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const cli = path('../../../dist/src/cli/main.js');
const gatewayFile = path('../mcp-tasks.yaml');

/** A different cluster, or a different namespace. @default the shared cluster and its first namespace */
export interface Place {
  readonly address?: string;
  readonly namespace?: Namespace;
}

/** Returns the environment variables that connect any Temporal client to the cluster. */
export function connection(role: Role, place: Place = {}): Record<string, string> {
  const { certificates, ...cluster } = inject('cluster');
  const { address = cluster.address, namespace = cluster.namespace } = place;
  return {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    ...tlsVariables(certificateOf(certificates, role)),
  };
}

/** Starts a worker of go/ or python/ and waits until it is ready. @param data the folder it works in */
export async function startWorker(language: 'go' | 'python', data: string, place?: Place): Promise<Process> {
  const { goWorker, python } = inject('cluster');
  const env = { ...connection('worker', place), DATA_DIR: data };
  const worker =
    language === 'go'
      ? new Process('the Go worker', goWorker, [], { env })
      : new Process('the Python worker', python, ['worker.py'], { cwd: path('../python'), env });
  await worker.wrote(/Started Worker|The worker has started/);
  return worker;
}

export interface McpServer {
  readonly url: URL;
  readonly process: Process;
}

export interface ServeOptions {
  /** The authorization server that issues the tokens. */
  readonly issuer: string;
  /** The resource that the tokens are for. */
  readonly resource: string;
  /** The secret shared by all replicas. */
  readonly key: string;
  readonly port?: number;
  /** The gateway file, relative to test/cluster. @default mcp-tasks.yaml */
  readonly file?: string;
  /** @default tasks, which has only the rights that tasks need */
  readonly role?: Role;
  readonly place?: Place;
}

/** Runs `mcp-tasks-temporal doctor mcp-tasks.yaml`, connected as `role`. @returns its output and exit code */
export async function runDoctor(role: Role): Promise<{ output: string; code: number | null }> {
  const doctor = startCli('the doctor', ['doctor', gatewayFile], {
    ...connection(role),
    MCP_TASKS_KEY: '5f1c7a90d3e84b26bd07f4a1c95e38d2',
  });
  const code = await doctor.ended();
  return { output: doctor.output, code };
}

/** Starts `mcp-tasks-temporal serve FILE` and waits until it listens. */
export async function startMcpServer({
  issuer,
  resource,
  key,
  port = 0,
  file = 'mcp-tasks.yaml',
  role = 'tasks',
  place,
}: ServeOptions): Promise<McpServer> {
  const args = ['serve', path(`../${file}`), '--port', String(port), '--auth', issuer, '--resource', resource];
  return await serving(startCli('the MCP server', args, { ...connection(role, place), MCP_TASKS_KEY: key }));
}

export async function serving(server: Process): Promise<McpServer> {
  const [, url = ''] = await server.wrote(/at (http:\S+)\n/);
  return { url: new URL(url), process: server };
}

/** Starts the built `mcp-tasks-temporal`. */
export function startCli(name: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): Process {
  return new Process(name, process.execPath, [cli, ...args], { env, ...(cwd === undefined ? {} : { cwd }) });
}
