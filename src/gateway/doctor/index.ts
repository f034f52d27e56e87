/** Examines what a gateway's file depends on. @module */
import { Calls } from '../../temporal/calls.js';
import { temporalClient } from '../../temporal/connect.js';
import { resolveTemporalTarget } from '../../temporal/target.js';
import type { DurableTool } from '../../tool/define-tool.js';
import { connectionsOf } from '../connection.js';
import type { LoadedGateway } from '../load.js';
import { error, ok, type Finding } from './finding.js';
import { clusterFindings, longestTtl, namespaceFindings } from './namespace.js';
import { rightsFindings } from './rights.js';
import { taskQueueFindings } from './task-queue.js';

export type { Finding } from './finding.js';

/**
 * Of each namespace that the tools are in, one after the other.
 * @param dir where a dev server keeps its files, should there be no Temporal
 * @param env of the server that is to be
 */
export async function* examine(loaded: LoadedGateway, dir: string, env: NodeJS.ProcessEnv): AsyncGenerator<Finding, void> {
  const { config, tools } = loaded;
  const connections = await connectionsOf(loaded, dir);
  const namespaces = new Set(tools.map(({ namespace }) => namespace));
  for (const namespace of namespaces) {
    const target = await resolveTemporalTarget(connections.of(namespace));
    const calls = new Calls(temporalClient(target));
    try {
      if (target.explicit && namespace === undefined && !env['MCP_TASKS_KEY']) yield error('MCP_TASKS_KEY is not set: replicas would not know each other\'s tasks, and HTTP is refused', 'openssl rand -hex 32 makes one, the same for all replicas');
      const { there, findings } = await clusterFindings(calls, target.address);
      yield* findings;
      if (!there) continue;
      const here = tools.filter((tool) => tool.namespace === namespace);
      yield* await namespaceFindings(calls, longestTtl(here.map(({ ttl }) => (ttl === undefined ? config.ttl : ttl))));
      yield* await rightsFindings(calls);
      for (const [taskQueue, names] of byTaskQueue(here)) yield* await taskQueueFindings(calls, taskQueue, names);
    } finally {
      await calls.close();
      await target.release();
    }
  }
  yield ok('each gateway process holds at most 300 long polls at a time; a namespace has 1,200 a frontend where nothing else is set (frontend.namespaceCount), shared with everybody: beyond, tasks are looked at every 2 s');
}

function byTaskQueue(tools: readonly DurableTool[]): Map<string, string[]> {
  const queues = new Map<string, string[]>();
  for (const { name, taskQueue = '' } of tools) queues.set(taskQueue, [...(queues.get(taskQueue) ?? []), name]);
  return queues;
}
