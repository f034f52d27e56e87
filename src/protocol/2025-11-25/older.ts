/** What clients of versions that are older than tasks, and otherwise served the same, get. Pure. @module */
import type { RpcResult } from '../request.js';

interface Listed {
  readonly execution?: { readonly taskSupport?: unknown };
}

/** Returns the tool list without the tools that run only as tasks, and without what the others say about tasks. */
export function withoutTasks(list: RpcResult): RpcResult {
  const tools = (list['tools'] as readonly Listed[])
    .filter(({ execution }) => execution?.taskSupport !== 'required')
    .map(withoutExecution);
  return { ...list, tools };
}

function withoutExecution(tool: Listed): Listed {
  const { execution: _, ...rest } = tool;
  return rest;
}
