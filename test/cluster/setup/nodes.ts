/** What runs beside Temporal: MCP servers and workers, each a process, each with the certificate of its role. @module */
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { certificateOf, tlsVariables, type Namespace, type Role } from './certificates.js';
import { Process } from './processes.js';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const cli = path('../../../dist/src/cli/main.js');
const gatewayFile = path('../mcp-tasks.yaml');

/** Where it is not the cluster of all tests, or not its first namespace. */
export interface Place {
  readonly address?: string;
  readonly namespace?: Namespace;
}

/** The variables by which any Temporal client finds the cluster. */
export function connection(role: Role, place: Place = {}): Record<string, string> {
  const { certificates, ...cluster } = inject('cluster');
  const { address = cluster.address, namespace = cluster.namespace } = place;
  return {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    ...tlsVariables(certificateOf(certificates, role)),
  };
}

/** A worker of go/ or python/, ready. @param data the folder it works on */
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
  /** The authorization server whose tokens it asks for. */
  readonly issuer: string;
  /** What the tokens are for. */
  readonly resource: string;
  /** The secret that replicas share. */
  readonly key: string;
  readonly port?: number;
  /** What it serves, in this folder. @default mcp-tasks.yaml */
  readonly file?: string;
  /** @default tasks, which can do nothing but what tasks need */
  readonly role?: Role;
  readonly place?: Place;
}

/** `mcp-tasks-temporal doctor mcp-tasks.yaml`, as the MCP servers connect. @returns what it says, and its exit code */
export async function runDoctor(role: Role): Promise<{ output: string; code: number | null }> {
  const doctor = startCli('the doctor', ['doctor', gatewayFile], {
    ...connection(role),
    MCP_TASKS_KEY: 'k'.repeat(32),
  });
  const code = await doctor.ended();
  return { output: doctor.output, code };
}

/** `mcp-tasks-temporal serve FILE`. */
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

/** `mcp-tasks-temporal`, as it was built. */
export function startCli(name: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): Process {
  return new Process(name, process.execPath, [cli, ...args], { env, ...(cwd === undefined ? {} : { cwd }) });
}
