/** `mcp-tasks-temporal check`: whether a gateway's file can be served, for CI. @module */
import { checkGateway } from '../gateway/load.js';
import type { DurableTool } from '../tool/define-tool.js';

/** @throws GatewayFileError with all that is wrong */
export async function check(file: string): Promise<void> {
  const { tools } = await checkGateway(file);
  process.stdout.write(`${file}: ${tools.length} ${tools.length === 1 ? 'tool' : 'tools'}\n${tools.map(line).join('')}`);
}

function line({ name, work, taskQueue = '', namespace, beforeStart }: DurableTool): string {
  const workflow = work.kind === 'workflow' ? work.workflowType : '';
  return `  ${name}: ${workflow} on ${taskQueue}${namespace === undefined ? '' : ` in ${namespace}`}${beforeStart ? ', asks first' : ''}\n`;
}
