/** The URIs of a task's files. Pure. @module */

export function logUri(taskId: string): string {
  return `mcp-task://${taskId}/log`;
}

export function outputUri(taskId: string, index: number): string {
  return `mcp-task://${taskId}/outputs/${index}`;
}
