/** `resume`: one await for a task that was created earlier, by this process or another. @module */
import { InputDesk } from './inputs.js';
import type { McpClient, ToolResult } from './mcp-client.js';
import type { ResumeOptions } from './options.js';
import { settle } from './settle.js';

/**
 * Awaits a task as {@link callTool} does. The client has to be connected to the task's server, as the task's owner. It
 * gets no progress notifications, because their token belonged to the call.
 *
 * @throws JsonRpcError as `callTool`; -32602 if the server does not have the task (any more), which then leaves the
 * task store
 * @throws the signal's reason
 */
export async function resume(client: McpClient, taskId: string, options: ResumeOptions = {}): Promise<ToolResult> {
  return await settle(client, taskId, { ...options, desk: options.onInput && new InputDesk(options.onInput) });
}
