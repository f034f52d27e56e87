/** `mcp-tasks-temporal start`: the whole stack on this machine, until it is told to stop. @module */
import type { Logger } from '../local/log.js';
import { startLocalStack, type LocalStack } from './local-stack.js';
import { stopSignal } from './stop-signal.js';

export async function start({ port, dir, logger }: { port: number; dir: string; logger: Logger }): Promise<void> {
  const roots = process.env['MCP_TASKS_ROOTS'] ?? process.cwd();
  const stack = await startLocalStack({ port, dir, env: { ...process.env, MCP_TASKS_ROOTS: roots }, logger });
  process.stdout.write(welcome(stack, roots));
  await stopSignal();
  await stack.stop();
}

function welcome({ url, uiUrl }: LocalStack, roots: string): string {
  const host = JSON.stringify({ mcpServers: { 'mcp-tasks-temporal': { type: 'http', url } } }, undefined, 2);
  return `
The MCP server is at      ${url}
${uiUrl ? `Temporal's web UI is at   ${uiUrl}\n` : ''}
Paste this into your MCP host's configuration:

${host}

Its tools read and write below ${roots} (MCP_TASKS_ROOTS).
Ctrl-C stops everything; running tasks go on at the next start.
`;
}
