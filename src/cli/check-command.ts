/** `mcp-tasks-temporal check`: checks in CI whether a gateway's file can be served. @module */
import { checkGateway } from '../gateway/load.js';
import type { DurableTool } from '../tool/define-tool.js';
import { endCommand } from './process-end.js';

/**
 * Prints the file's tools.
 * @throws GatewayFileError listing all problems in the file; McpTasksError `CONFIGURATION` if there is no such file
 */
export async function check(file: string): Promise<void> {
  try {
    const { tools } = await checkGateway(file);
    process.stdout.write(
      `${file}: ${tools.length} ${tools.length === 1 ? 'tool' : 'tools'}\n${tools.map(line).join('')}`,
    );
  } finally {
    // A data converter's module may keep the process alive.
    endCommand();
  }
}

function line({ name, work, taskQueue = '', namespace, beforeStart }: DurableTool): string {
  const workflow = work.kind === 'workflow' ? work.workflowType : 'a program';
  return `  ${name}: ${workflow} on ${taskQueue}${namespace === undefined ? '' : ` in ${namespace}`}${beforeStart ? ', asks first' : ''}\n`;
}
