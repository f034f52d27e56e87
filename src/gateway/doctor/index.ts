/** Examines what a gateway's file depends on. @module */
import { isMcpTasksError } from '../../task/errors.js';
import { Keyring } from '../../task/keyring.js';
import { Calls } from '../../temporal/calls.js';
import { temporalClient } from '../../temporal/connect.js';
import { resolveTemporalTarget, type TemporalTarget } from '../../temporal/target.js';
import type { DurableTool } from '../../tool/define-tool.js';
import { loadWorker } from '../confirm-worker.js';
import { connectionsOf, type Connections } from '../connection.js';
import type { LoadedGateway } from '../load.js';
import { clusterFindings } from './cluster.js';
import { error, ok, reasonOf, type Finding } from './finding.js';
import { namespaceFindings } from './namespace.js';
import { payloadFindings } from './payloads.js';
import { rightsFindings } from './rights.js';
import { taskQueueFindings } from './task-queue.js';

export type { Finding } from './finding.js';

/**
 * Of each namespace that the tools are in, one after the other: what is wrong with one keeps none from being looked at.
 * @param dir where a dev server keeps its files, should there be no Temporal
 * @param env of the server that is to be
 */
export async function* examine(loaded: LoadedGateway, dir: string, env: NodeJS.ProcessEnv): AsyncGenerator<Finding, void> {
  const { tools } = loaded;
  const said = new Set<string>();
  for (const namespace of new Set([undefined, ...tools.map((tool) => tool.namespace)])) {
    yield* examineNamespace({ loaded, dir, env, said }, namespace);
  }
  yield* await confirmFindings(tools);
  yield ok('long polls: each gateway process holds at most 300 at a time in a namespace; a cluster takes 1,200 a namespace and frontend where nothing else is set, from everybody', 'for more replicas raise frontend.namespaceCount: without a poll a task is looked at every 2 s');
}

interface Examination {
  readonly loaded: LoadedGateway;
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Of clusters: what namespaces share is said once. */
  readonly said: Set<string>;
}

/** @param namespace `undefined`: the connection's own, which is opened whether or not tools are in it */
async function* examineNamespace({ loaded, dir, env, said }: Examination, namespace: string | undefined): AsyncGenerator<Finding, void> {
  const { config } = loaded;
  const tools = loaded.tools.filter((tool) => tool.namespace === namespace);
  let opened: Opened;
  try {
    opened = await open(loaded, namespace, dir);
  } catch (reason) {
    return yield error(`${namespace === undefined ? 'the connection' : `the connection of namespace ${namespace}`}: ${isMcpTasksError(reason) ? reason.message : reasonOf(reason)}`, 'mend it: the gateway does not start like this');
  }
  const { connections, target, calls } = opened;
  try {
    if (namespace === undefined) yield* keyFindings(target, env);
    if (tools.length === 0) return;
    const cluster = await clusterFindings(calls, target);
    for (const finding of [...cluster.findings, ...(await payloadFindings(connections.dataConverter(target.namespace), { ...config.temporal, ...(namespace === undefined ? {} : config.namespaces?.[namespace]) }))]) {
      if (!said.has(finding.text)) yield finding;
      said.add(finding.text);
    }
    if (!cluster.there) return;
    const own = await namespaceFindings(calls, tools, config);
    yield* own.findings;
    if (!own.there) return;
    yield* await rightsFindings(calls, tools);
    const queues = await Promise.all([...byTaskQueue(tools)].map(async ([taskQueue, names]) => await taskQueueFindings(calls, taskQueue, names)));
    yield* queues.flat();
  } finally {
    await calls.close();
    await target.release();
  }
}

interface Opened {
  readonly connections: Connections;
  readonly target: TemporalTarget;
  readonly calls: Calls;
}

/** As serving does it, but that of other namespaces only their addresses are looked at: a file of theirs that is missing is told of them. */
async function open({ config, ...loaded }: LoadedGateway, namespace: string | undefined, dir: string): Promise<Opened> {
  const namespaces = Object.entries(config.namespaces ?? {}).map(([name, { address, ...more }]) => [name, { ...(address === undefined ? {} : { address }), ...(name === namespace ? more : {}) }] as const);
  const connections = await connectionsOf({ ...loaded, config: { ...config, namespaces: Object.fromEntries(namespaces) } }, dir);
  const target = await resolveTemporalTarget(connections.of(namespace));
  try {
    return { connections, target, calls: new Calls(temporalClient(target)) };
  } catch (reason) {
    await target.release();
    throw reason;
  }
}

function keyFindings({ explicit }: TemporalTarget, { MCP_TASKS_KEY: key }: NodeJS.ProcessEnv): Finding[] {
  if (!key) return explicit ? [error('MCP_TASKS_KEY is not set: replicas would not know each other\'s tasks, and HTTP is refused', 'openssl rand -hex 32 makes one, the same for all replicas')] : [];
  try {
    Keyring.parse(key);
    return [];
  } catch (reason) {
    return [error(`MCP_TASKS_KEY: ${reasonOf(reason)}`, 'set the same one for all replicas')];
  }
}

/** Questions before the start need a worker of the gateway's own. */
async function confirmFindings(tools: readonly DurableTool[]): Promise<Finding[]> {
  const asking = tools.filter(({ beforeStart }) => beforeStart).map(({ name }) => name);
  if (asking.length === 0) return [];
  return await loadWorker().then(
    () => [],
    () => [error(`confirm (${asking.join(', ')}): the worker that asks in protocol 2025-11-25 cannot be loaded`, 'npm install @temporalio/worker, where its native parts run')],
  );
}

function byTaskQueue(tools: readonly DurableTool[]): Map<string, string[]> {
  const queues = new Map<string, string[]>();
  for (const { name, taskQueue = '' } of tools) queues.set(taskQueue, [...(queues.get(taskQueue) ?? []), name]);
  return queues;
}
