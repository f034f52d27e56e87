/** Examines everything that a gateway file depends on. @module */
import { isMcpTasksError } from '../../task/errors.js';
import { Keyring } from '../../task/keyring.js';
import { Calls } from '../../temporal/rpc/calls.js';
import { temporalClient } from '../../temporal/connection/connect.js';
import { configuredTarget, resolveTemporalTarget, type TemporalTarget } from '../../temporal/connection/target.js';
import type { DurableTool } from '../../tool/define-tool.js';
import { loadWorker, needsWorker } from '../confirm-worker.js';
import { connectionsOf, type Connections } from '../connection.js';
import type { LoadedGateway } from '../load.js';
import { clusterFindings } from './cluster.js';
import { commandFindings } from './commands.js';
import { error, ok, reasonOf, type Finding } from './finding.js';
import { namespaceFindings } from './namespace.js';
import { payloadFindings } from './payloads.js';
import { rightsFindings } from './rights.js';
import { taskQueueFindings } from './task-queue.js';

export type { Finding } from './finding.js';

/**
 * Examines the connection's own namespace and each one that tools name, one after the other. A problem with one does
 * not stop the others from being examined.
 * @param dir where a dev server keeps its files, if no Temporal is configured
 * @param env the environment that the gateway will run in
 */
export async function* examine(
  loaded: LoadedGateway,
  dir: string,
  env: NodeJS.ProcessEnv,
): AsyncGenerator<Finding, void> {
  const { tools } = loaded;
  const reported = new Set<string>();
  for (const namespace of new Set([undefined, ...tools.map((tool) => tool.namespace)])) {
    yield* examineNamespace({ loaded, dir, env, reported }, namespace);
  }
  yield* await commandFindings(loaded, env);
  yield* await workerFindings(loaded);
  yield ok(
    'long polls: each gateway process holds up to 300 per namespace. By default, a frontend accepts 1,200 per namespace from all clients together',
    'for more replicas, raise frontend.namespaceCount: changes of a task without a long poll are seen later, and each replica asks the visibility store for the ends of such tasks',
  );
}

interface Examination {
  readonly loaded: LoadedGateway;
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  /** What has been reported already, so that findings shared by namespaces appear once. */
  readonly reported: Set<string>;
}

/**
 * Examines one namespace.
 * @param namespace `undefined` is the connection's own. It is opened even if no tools are in it, as it is when serving,
 *   unless that would start a dev server.
 */
async function* examineNamespace(
  { loaded, dir, env, reported }: Examination,
  namespace: string | undefined,
): AsyncGenerator<Finding, void> {
  const { config } = loaded;
  const tools = loaded.tools.filter((tool) => tool.namespace === namespace);
  let opened: Opened;
  try {
    const connections = await connectionsFor(loaded, namespace, dir);
    const explicit = configuredTarget(connections.optionsFor(namespace)).address !== undefined;
    if (namespace === undefined) yield* keyFindings(explicit, env);
    // A dev server would start for nothing.
    if (tools.length === 0 && !explicit) return;
    opened = await open(connections, namespace);
  } catch (reason) {
    const why = isMcpTasksError(reason) ? reason.message : reasonOf(reason);
    if (!reported.has(why))
      yield error(
        `${namespace === undefined ? 'the connection' : `the connection of namespace ${namespace}`}: ${why}`,
        'fix this first: until then, the gateway cannot start',
      );
    reported.add(why);
    return;
  }
  const { connections, target, calls } = opened;
  try {
    if (tools.length === 0) return;
    const cluster = await clusterFindings(calls, target);
    const converter = connections.dataConverter(target.namespace);
    const payloads = await payloadFindings(converter, connections.encoding(target.namespace));
    for (const finding of [...cluster.findings, ...payloads]) {
      if (!reported.has(finding.text)) yield finding;
      reported.add(finding.text);
    }
    if (!cluster.there) return;
    const settings = await namespaceFindings(calls, tools, config);
    yield* settings.findings;
    if (!settings.there) return;
    yield* await rightsFindings(calls, tools, config);
    const queues = await Promise.all(
      [...byTaskQueue(tools)].map(async ([taskQueue, names]) => await taskQueueFindings(calls, taskQueue, names)),
    );
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

/**
 * Resolves the connections as serving does, but ignores the certificates and data converters of other namespaces: if
 * one of those is missing, it is reported for the namespace that names it.
 */
async function connectionsFor(loaded: LoadedGateway, namespace: string | undefined, dir: string): Promise<Connections> {
  const { namespaces: all = {} } = loaded.config;
  const namespaces = Object.entries(all).map(([name, connection]) => {
    const { tls: _tls, dataConverter: _converter, ...withoutFiles } = connection;
    return [name, name === namespace ? connection : withoutFiles] as const;
  });
  const connections = await connectionsOf(
    { ...loaded, config: { ...loaded.config, namespaces: Object.fromEntries(namespaces) } },
    dir,
  );
  if (namespace !== undefined) return connections;
  // The own namespace may also be listed by name, which then determines how its payloads are encoded.
  const { namespace: ownName } = configuredTarget(connections.optionsFor(undefined));
  return all[ownName] ? await connectionsFor(loaded, ownName, dir) : connections;
}

async function open(connections: Connections, namespace: string | undefined): Promise<Opened> {
  const target = await resolveTemporalTarget(connections.optionsFor(namespace));
  try {
    return { connections, target, calls: new Calls(temporalClient(target)) };
  } catch (reason) {
    await target.release();
    throw reason;
  }
}

/**
 * Checks MCP_TASKS_KEY.
 * @param explicit whether a cluster is configured, so that no dev server is used
 */
function keyFindings(explicit: boolean, { MCP_TASKS_KEY: key }: NodeJS.ProcessEnv): Finding[] {
  if (!key)
    return explicit
      ? [
          error(
            "MCP_TASKS_KEY is not set: replicas would not recognize each other's tasks, and the gateway does not serve HTTP",
            'generate a key with "openssl rand -base64 32" and set it on all replicas',
          ),
        ]
      : [];
  try {
    Keyring.parse(key);
    return [];
  } catch (reason) {
    return [error(`MCP_TASKS_KEY: ${reasonOf(reason)}`, 'set the same valid key on all replicas')];
  }
}

/** Checks that the gateway can load its own worker, if it needs one. */
async function workerFindings({ tools, config }: LoadedGateway): Promise<Finding[]> {
  const needing = tools.filter((tool) => needsWorker(tool, config)).map(({ name }) => name);
  const reasons = [
    ...(needing.length > 0 ? [`confirm or onTtl (${needing.join(', ')})`] : []),
    ...(config.deleteExpired ? ['deleteExpired'] : []),
  ];
  if (reasons.length === 0) return [];
  return await loadWorker().then(
    () => [],
    () => [
      error(
        `${reasons.join(' and ')}: cannot load the worker that asks clients, cancels tasks and deletes expired ones`,
        'run "npm install @temporalio/worker", on a platform that its native modules support',
      ),
    ],
  );
}

function byTaskQueue(tools: readonly DurableTool[]): Map<string, string[]> {
  const queues = new Map<string, string[]>();
  for (const { name, taskQueue = '' } of tools) queues.set(taskQueue, [...(queues.get(taskQueue) ?? []), name]);
  return queues;
}
