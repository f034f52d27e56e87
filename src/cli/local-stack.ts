/** Everything on one machine: Temporal, PostgreSQL, the MCP server with the reference tools, and a worker process. @module */
import { resolve } from 'node:path';
import { McpServer } from '@modelcontextprotocol/server';
import { DurableTasks } from '../server/durable-tasks.js';
import type { Logger } from '../local/log.js';
import { referenceTools, toolsConfigFromEnv } from '../tools/index.js';
import { acquirePostgres } from '../tools/postgres/index.js';
import { serveHttp } from './http-server.js';
import { Owned } from './owned.js';
import { version } from '../version.js';
import { WorkerProcess } from './worker-process.js';

export interface LocalStackOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** Where Temporal's and PostgreSQL's data are kept. @default '.mcp-tasks' */
  readonly dir?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
}

export interface LocalStack {
  /** The MCP endpoint. */
  readonly url: string;
  /** Temporal's web UI, if its server is the stack's own. */
  readonly uiUrl: string | undefined;
  /** With the password: not for logs. */
  readonly databaseUrl: string;
  readonly tasks: DurableTasks;
  /** The worker that is running, or was last. */
  readonly worker: WorkerProcess;
  /** Starts another worker in the place of one that is gone. */
  restartWorker(): Promise<WorkerProcess>;
  /** Stops everything, in reverse order; Temporal and PostgreSQL go on if others use them. */
  stop(): Promise<void>;
}

/** @throws McpTasksError `LOCAL_SERVICE` naming what could not be started; what was started before is stopped again */
export async function startLocalStack({
  port,
  dir: given = '.mcp-tasks',
  env: base,
  logger,
}: LocalStackOptions): Promise<LocalStack> {
  const dir = resolve(given);
  const owned = new Owned();
  try {
    const postgres = await acquirePostgres({ dir, log: (line) => logger.info({}, line) });
    owned.add(async () => await postgres.release());
    const env: NodeJS.ProcessEnv = { ...base, DATABASE_URL: postgres.url };
    // One person's stack on one person's machine: every request is theirs.
    const tasks = await DurableTasks.connect({
      tools: referenceTools(toolsConfigFromEnv(env)),
      temporal: { dir },
      owner: () => 'local',
      fallback: 'handle',
      pollInterval: '250 ms',
      logger,
    });
    owned.add(async () => await tasks.close());
    let worker = await WorkerProcess.start(dir, env);
    owned.add(async () => await worker.stop());
    const server = await serveHttp(
      tasks.handler(() => new McpServer({ name: 'mcp-tasks-temporal', version })),
      port,
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
        const next = await WorkerProcess.start(dir, env);
        // Everything was stopped meanwhile, and nobody would ever stop this one.
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
