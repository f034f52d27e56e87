/**
 * Everything on one machine: Temporal, PostgreSQL, the MCP server with the reference tools, and a worker process.
 * @module
 */
import { resolve } from 'node:path';
import { McpServer } from '@modelcontextprotocol/server';
import { DurableTasks } from '../server/durable-tasks.js';
import type { Logger } from '../local/log.js';
import { toolsConfigFromEnv } from '../tools/config.js';
import { referenceTools } from '../tools/definitions.js';
import { acquirePostgres } from '../tools/postgres/index.js';
import type { Durability } from '../local/durability.js';
import { serveHttp } from '../mcp/http/node-server.js';
import { encryptedBy } from './encrypted-by.js';
import { Owned } from './owned.js';
import { version } from '../version.js';
import { WorkerProcess } from './worker-process.js';

export interface LocalStackOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** The folder for Temporal's and PostgreSQL's data. @default '.mcp-tasks' */
  readonly dir?: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether to serve Temporal's web UI. @default false */
  readonly ui?: boolean;
  /** What Temporal's data survives. @default 'full' */
  readonly durability?: Durability;
  readonly logger: Logger;
}

export interface LocalStack {
  /** The MCP endpoint. */
  readonly url: string;
  /** Temporal's web UI, if the stack serves it. */
  readonly uiUrl: string | undefined;
  /** Contains the password: keep it out of logs. */
  readonly databaseUrl: string;
  readonly tasks: DurableTasks;
  /** The current worker, or the last one if none is running. */
  readonly worker: WorkerProcess;
  /** Starts a new worker to replace one that has ended. */
  restartWorker(): Promise<WorkerProcess>;
  /** Stops everything in reverse order. Temporal and PostgreSQL keep running if others use them. */
  stop(): Promise<void>;
}

/**
 * @throws McpTasksError `LOCAL_SERVICE` naming what could not be started; whatever had been started is stopped again
 */
export async function startLocalStack({
  port,
  dir: given = '.mcp-tasks',
  env: base,
  ui = false,
  durability = 'full',
  logger,
}: LocalStackOptions): Promise<LocalStack> {
  const dir = resolve(given);
  const owned = new Owned();
  try {
    const postgres = await acquirePostgres({ dir, log: (line) => logger.info({}, line) });
    owned.add(async () => await postgres.release());
    const env: NodeJS.ProcessEnv = { ...base, DATABASE_URL: postgres.url };
    // The stack serves the one person who uses this machine, so all requests have the same owner.
    const tasks = await DurableTasks.connect({
      tools: referenceTools(toolsConfigFromEnv(env)),
      // The command prints the addresses.
      temporal: { dir, ui, durability, log: (line, about) => logger[about ? 'debug' : 'info']({}, line) },
      ...encryptedBy(env),
      owner: () => 'local',
      fallback: 'handle',
      pollInterval: '250 ms',
      logger,
    });
    owned.add(async () => await tasks.close());
    let worker = await WorkerProcess.start({ dir, durability, env });
    owned.add(async () => await worker.stop());
    const server = await serveHttp(
      tasks.handler(() => new McpServer({ name: 'mcp-tasks-temporal', version })),
      { port },
    );
    owned.add(async () => await server.close());
    return {
      url: server.url,
      uiUrl: tasks.temporal.uiUrl,
      databaseUrl: postgres.url,
      tasks,
      get worker() {
        return worker;
      },
      async restartWorker() {
        const next = await WorkerProcess.start({ dir, durability, env });
        // The stack was stopped in the meantime, so nothing else would ever stop this worker.
        if (owned.isEmpty) await next.stop();
        worker = next;
        return next;
      },
      stop: async () => await owned.release(),
    };
  } catch (error) {
    await owned.release();
    throw error;
  }
}
