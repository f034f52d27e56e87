/** `mcp-tasks-temporal check`: whether a gateway's file can be served, for CI. @module */
import { checkGateway } from '../gateway/load.js';
import type { DurableTool } from '../tool/define-tool.js';
import { endCommand } from './end-command.js';

/** @throws GatewayFileError with all that is wrong */
export async function check(file: string): Promise<void> {
  try {
    const { tools } = await checkGateway(file);
    process.stdout.write(
      `${file}: ${tools.length} ${tools.length === 1 ? 'tool' : 'tools'}\n${tools.map(line).join('')}`,
    );
  } finally {
    // A data converter's module may hold on to something.
    endCommand();
  }
}

function line({ name, work, taskQueue = '', namespace, beforeStart }: DurableTool): string {
  const workflow = work.kind === 'workflow' ? work.workflowType : '';
  return `  ${name}: ${workflow} on ${taskQueue}${namespace === undefined ? '' : ` in ${namespace}`}${beforeStart ? ', asks first' : ''}\n`;
}
