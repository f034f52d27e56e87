/** `mcp-tasks-temporal start`: the whole stack on this machine, until it is told to stop. @module */
import type { Logger } from '../local/log.js';
import { startLocalStack } from './local-stack.js';
import { stopSignal } from './stop-signal.js';

export async function start({ port, dir, logger }: { port: number; dir: string; logger: Logger }): Promise<void> {
  const stack = await startLocalStack({ port, dir, env: process.env, logger });
  process.stdout.write(welcome(stack.url, stack.uiUrl));
  await stopSignal();
  await stack.stop();
}

function welcome(url: string, uiUrl: string | undefined): string {
  const host = JSON.stringify({ mcpServers: { 'mcp-tasks-temporal': { type: 'http', url } } }, undefined, 2);
  return `
The MCP server is at      ${url}
${uiUrl ? `Temporal's web UI is at   ${uiUrl}\n` : ''}
Paste this into your MCP host's configuration:

${host}

Its tools read and write below MCP_TASKS_ROOTS (${process.env['MCP_TASKS_ROOTS'] ?? 'not set: set it to the folders with your data'}).
Ctrl-C stops everything; running tasks go on at the next start.
`;
}
