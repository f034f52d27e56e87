/** What runs beside Temporal: MCP servers and workers, each a process, each with the certificate of its role. @module */
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { certificateOf, tlsVariables, type Role } from './certificates.js';
import { Process } from './processes.js';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const cli = path('../../../dist/src/cli/main.js');
const gatewayFile = path('../mcp-tasks.yaml');

/** The variables by which any Temporal client finds the cluster. */
function connection(role: Role): Record<string, string> {
  const { address, namespace, certificates } = inject('cluster');
  return { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, ...tlsVariables(certificateOf(certificates, role)) };
}

/** A worker of go/ or python/, ready. @param data the folder it works on */
export async function startWorker(language: 'go' | 'python', data: string): Promise<Process> {
  const { goWorker, python } = inject('cluster');
  const env = { ...connection('worker'), DATA_DIR: data };
  const worker = language === 'go' ? new Process('the Go worker', goWorker, [], { env }) : new Process('the Python worker', python, ['worker.py'], { cwd: path('../python'), env });
  await worker.wrote(/Started Worker|The worker has started/);
  return worker;
}

/** `mcp-tasks-temporal worker`, for the reference tools, as docker-compose.yml starts it. */
export function startReferenceWorker(data: string): Process {
  const env = { ...connection('worker'), MCP_TASKS_ROOTS: data, DATABASE_URL: `duckdb:${data}/warehouse.duckdb` };
  return new Process('the worker', process.execPath, [cli, 'worker'], { cwd: data, env });
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
  /** What it serves. @default those of mcp-tasks.yaml */
  readonly tools?: 'gateway' | 'reference';
}

/** `mcp-tasks-temporal doctor mcp-tasks.yaml`, as the MCP servers connect. @returns what it says, and its exit code */
export async function runDoctor(role: Role): Promise<{ output: string; code: number | null }> {
  const doctor = new Process('the doctor', process.execPath, [cli, 'doctor', gatewayFile], { env: { ...connection(role), MCP_TASKS_KEY: 'k'.repeat(32) } });
  const code = await doctor.ended();
  return { output: doctor.output, code };
}

/** `mcp-tasks-temporal serve`, with a role that can do nothing but what tasks need. */
export async function startMcpServer({ issuer, resource, key, port = 0, tools = 'gateway' }: ServeOptions): Promise<McpServer> {
  const args = [cli, 'serve', ...(tools === 'gateway' ? [gatewayFile] : []), '--port', String(port), '--auth', issuer, '--resource', resource];
  const server = new Process('the MCP server', process.execPath, args, { env: { ...connection('tasks'), MCP_TASKS_KEY: key } });
  const [, url = ''] = await server.wrote(/at (http:\S+)\n/);
  return { url: new URL(url), process: server };
}
