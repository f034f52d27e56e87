/** Runs the workers of a gateway file's command tools. @module */
import { resolve } from 'node:path';
import type { Logger } from '../local/log.js';
import type { Durability } from '../local/durability.js';
import { McpTasksError } from '../task/errors.js';
import { configuredTarget } from '../temporal/connection/target.js';
import type { DurableTool } from '../tool/define-tool.js';
import { createWorker, type DurableWorker } from '../worker/index.js';
import { COMMAND_TASK_QUEUE, commandTools } from './commands.js';
import { connectionsOf } from './connection.js';
import { checkGateway } from './load.js';

export interface GatewayWorkerOptions {
  /** Where a dev server and the tools keep their data. */
  readonly dir: string;
  readonly durability: Durability;
  readonly logger: Logger;
}

/**
 * Creates a worker for each namespace and task queue of the file's command tools.
 * @throws GatewayFileError with every problem in the file; McpTasksError `CONFIGURATION` if it has no command tools
 */
export async function createGatewayWorkers(
  file: string,
  { dir, durability, logger }: GatewayWorkerOptions,
): Promise<DurableWorker[]> {
  const loaded = await checkGateway(file);
  const tools = commandTools(loaded, dir);
  if (tools.length === 0)
    throw new McpTasksError(
      'CONFIGURATION',
      `${file}: the workflows of a gateway file have workers already. \`worker\` runs tools with \`command\`, and the tools of a JavaScript or TypeScript module`,
    );
  const connections = await connectionsOf(loaded, resolve(dir));
  const workers: DurableWorker[] = [];
  for (const group of byWorker(tools)) {
    const [{ namespace, taskQueue = COMMAND_TASK_QUEUE } = {} as DurableTool] = group;
    const options = connections.optionsFor(namespace);
    const dataConverter = connections.dataConverter(configuredTarget(options).namespace);
    workers.push(
      await createWorker({
        tools: group,
        taskQueue,
        temporal: { ...options, durability },
        ...(dataConverter ? { dataConverter } : {}),
      }),
    );
    logger.info({ taskQueue, namespace, tools: group.map(({ name }) => name) }, 'worker started');
  }
  return workers;
}

function byWorker(tools: readonly DurableTool[]): DurableTool[][] {
  const groups = new Map<string, DurableTool[]>();
  for (const tool of tools) {
    const key = JSON.stringify([tool.namespace ?? null, tool.taskQueue]);
    groups.set(key, [...(groups.get(key) ?? []), tool]);
  }
  return [...groups.values()];
}
