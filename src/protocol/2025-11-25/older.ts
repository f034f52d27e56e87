/** Adapts answers for clients of versions before tasks, which are otherwise served the same. Pure. @module */
import type { RpcResult } from '../request.js';

interface Listed {
  readonly execution?: { readonly taskSupport?: unknown };
}

/** Returns the tool list without the tools that run only as tasks, and without the other tools' task settings. */
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
