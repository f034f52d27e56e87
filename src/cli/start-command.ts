/** `mcp-tasks-temporal start`: runs the whole stack on this machine until it is stopped. @module */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../local/log.js';
import type { Durability } from '../local/durability.js';
import { encryptedBy } from './encrypted-by.js';
import { startLocalStack, type LocalStack } from './local-stack.js';
import { stopSignal } from './process-end.js';

export interface StartOptions {
  readonly port: number;
  /** The folder for Temporal's and PostgreSQL's data. */
  readonly dir: string;
  /** Whether to serve Temporal's web UI. */
  readonly ui: boolean;
  /** What Temporal's data survives. */
  readonly durability: Durability;
  readonly logger: Logger;
}

export async function start({ port, dir, ui, durability, logger }: StartOptions): Promise<void> {
  const roots = process.env['MCP_TASKS_ROOTS'] || (await dataFolder());
  const stack = await startLocalStack({
    port,
    dir,
    env: { ...process.env, MCP_TASKS_ROOTS: roots },
    ui,
    durability,
    logger,
  });
  process.stdout.write(welcome(stack, roots, encryptedBy(process.env).dataConverter !== undefined));
  const stopping = new AbortController();
  const kept = keepWorker(stack, logger, stopping.signal);
  await stopSignal();
  stopping.abort();
  await stack.stop();
  await kept;
}

/** How long to wait before replacing a worker that died, in milliseconds. */
const RESTART_PAUSE = 2_000;

/** Replaces a worker that dies, and logs it: without a worker, tasks would wait forever. */
async function keepWorker(stack: LocalStack, logger: Logger, stopping: AbortSignal): Promise<void> {
  for (;;) {
    const how = await stack.worker.ended();
    if (stopping.aborted) return;
    logger.error({}, `worker exited (${how}); restarting`);
    await delay(RESTART_PAUSE, undefined, { signal: stopping }).catch(() => undefined);
    if (stopping.aborted) return;
    await stack.restartWorker().catch((error: unknown) => logger.error({ err: error }, 'could not start the worker'));
  }
}

/**
 * Creates a separate data folder and returns its path, so that an agent that may overwrite files cannot reach the
 * project's own.
 */
async function dataFolder(): Promise<string> {
  const path = resolve('data');
  await mkdir(path, { recursive: true });
  return path;
}

/** @param encrypted whether Temporal stores ciphertext, which its UI cannot show */
function welcome({ url, uiUrl, tasks }: LocalStack, roots: string, encrypted: boolean): string {
  const host = JSON.stringify({ mcpServers: { 'mcp-tasks-temporal': { type: 'http', url } } }, undefined, 2);
  return `
The MCP server is at      ${url}
Temporal is at            ${tasks.temporal.address}
${uiUrl ? `Temporal's web UI is at   ${uiUrl}\n` : ''}${uiUrl && encrypted ? `To decrypt what it shows:  npx mcp-tasks-temporal codec-server --ui ${uiUrl}\n` : ''}
Paste this into your MCP host's configuration:

${host}

The tools read and write files in ${roots}. To use other folders, set MCP_TASKS_ROOTS.
Press Ctrl-C to stop everything. Running tasks continue at the next start.
`;
}
