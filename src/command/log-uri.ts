/** The URI of a task's log. Pure. @module */

export function logUri(taskId: string): string {
  return `mcp-task://${taskId}/log`;
}
