/** `mcp-tasks-temporal serve`: serves durable tools over MCP until it is stopped. @module */
import { resolve } from 'node:path';
import { McpServer } from '@modelcontextprotocol/server';
import { DurableTasks } from '../server/durable-tasks.js';
import type { Logger } from '../local/log.js';
import { McpTasksError } from '../task/errors.js';
import { toolsConfigFromEnv } from '../tools/config.js';
import { referenceTools } from '../tools/definitions.js';
import type { Durability } from '../local/durability.js';
import { encryptedBy } from './encrypted-by.js';
import { exposure, type Exposure, type ExposureOptions } from './exposure.js';
import { serveHttp, type HttpServer } from '../mcp/http/node-server.js';
import { endCommand, stopSignal } from './process-end.js';
import { StdioClient } from './serve-stdio.js';
import { loadTools, type ToolModule } from './tool-module.js';
import { version } from '../version.js';

export interface ServeOptions extends ExposureOptions {
  readonly transport: 'http' | 'stdio';
  readonly taskQueue: string;
  /** Where a dev server keeps its files. */
  readonly dir: string;
  /** Whether a dev server also serves its web UI. */
  readonly ui?: boolean;
  /** What a dev server's data survives. */
  readonly durability: Durability;
  readonly audience?: string;
  readonly scope: readonly string[];
  readonly fallback: 'await' | 'handle';
  /** Runs a worker for the file's tools in this process. */
  readonly worker?: boolean;
  readonly logger: Logger;
}

/** @param file defines the tools; without it the reference tools are served */
export async function serve(file: string | undefined, options: ServeOptions): Promise<void> {
  const { transport, taskQueue, dir, ui = false, durability, fallback, worker = false, logger } = options;
  // Check this before starting anything.
  const exposed = transport === 'http' ? exposure(options) : undefined;
  if (!exposed && options.auth)
    throw new McpTasksError(
      'CONFIGURATION',
      '--auth is for HTTP: over stdio, the caller is always the user who started this process',
    );
  if (worker && file === undefined)
    throw new McpTasksError(
      'CONFIGURATION',
      '--worker needs a module with tools; for the reference tools, run `mcp-tasks-temporal worker`',
    );
  const client = exposed ? undefined : new StdioClient();
  const module: ToolModule =
    file === undefined ? { tools: referenceTools(toolsConfigFromEnv(process.env)) } : await loadTools(file);
  if (worker && module.connect && !module.tools.some(({ work }) => work.kind === 'function'))
    throw new McpTasksError(
      'CONFIGURATION',
      '--worker runs the tools of a module, and tools with `command`; the workflows of a gateway file have their own workers',
    );
  // Over stdio, hosts expect the first answers at once.
  const common = { fallback, logger, startInBackground: client !== undefined };
  const tasks = await (module.connect?.({ dir, ui, durability, ...common }) ??
    DurableTasks.connect({
      tools: module.tools,
      taskQueue,
      temporal: { dir, ui, durability },
      ...(module.limits ? { limits: module.limits } : {}),
      ...encryptedBy(process.env, logger),
      ...common,
    }));
  const runs =
    worker && file !== undefined ? { file: resolve(file), taskQueue, dir, durability, env: process.env } : undefined;
  if (client) {
    await client.serve(tasks, makeServer, { worker: runs, logger }).finally(endCommand);
    return;
  }
  if (ui && tasks.temporal.explicit)
    logger.warn(
      {},
      `--ui has no effect: only a dev server has a UI to serve, and this is Temporal at ${tasks.temporal.address}`,
    );
  let server: HttpServer | undefined;
  const stopping = new AbortController();
  let working: Promise<void> | undefined;
  try {
    const ends: Promise<unknown>[] = [stopSignal()];
    server = await overHttp(tasks, exposed as Exposure, options);
    process.stdout.write(
      `The MCP server is at ${server.url}\n${worker || module.connect ? '' : 'No worker runs in this process: tasks wait until a worker polls their task queue.\n'}`,
    );
    if (runs && module.connect) {
      // In a process of its own, because the gateway itself never runs programs.
      const { keepWorker } = await import('./serve-stdio.js');
      working = keepWorker(runs, logger, stopping.signal);
    } else if (worker) {
      // Load this only when needed: a server without a worker does not need the worker's native parts.
      const { serveWorker } = await import('./serve-worker.js');
      const running = await serveWorker(module, tasks, logger);
      ends.push(running.run());
    }
    await Promise.race(ends);
  } finally {
    stopping.abort();
    await server?.close();
    await working;
    await tasks.close();
    endCommand();
  }
}

const makeServer = (): McpServer => new McpServer({ name: 'mcp-tasks-temporal', version });

async function overHttp(
  tasks: DurableTasks,
  { protection, ...allowed }: Exposure,
  { host, port, path, audience, scope, logger }: ServeOptions,
): Promise<HttpServer> {
  const handler = tasks.handler(makeServer);
  if (!protection) return await serveHttp(handler, { host, port, path, ...allowed });
  // A server without tokens, such as one over stdio, does not need it.
  const { bearerAuth } = await import('../auth/index.js');
  const guarded = await bearerAuth(handler, {
    ...protection,
    ...(audience === undefined ? {} : { audience }),
    scopes: scope,
    logger,
  });
  return await serveHttp(guarded, { host, port, path, ...allowed });
}
