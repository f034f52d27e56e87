/** What the role that the gateway has may do, found out with calls on a workflow that does not exist. @module */
import { randomUUID } from 'node:crypto';
import { GRPC, grpcCode, within, type Calls } from '../../temporal/calls.js';
import { DEADLINE, error, ok, type Finding } from './finding.js';

export async function rightsFindings(calls: Calls): Promise<Finding[]> {
  const { client } = calls;
  const { workflowService: service, options } = client;
  const { namespace } = options;
  const workflowExecution = { workflowId: `mcp-doctor-${randomUUID()}` };
  const probes: Readonly<Record<string, () => Promise<unknown>>> = {
    // Without a type it is refused, after the right has been looked at.
    start: async () => await service.startWorkflowExecution({ namespace, workflowId: workflowExecution.workflowId, requestId: randomUUID() }),
    read: async () => await service.describeWorkflowExecution({ namespace, execution: workflowExecution }),
    'read the history of': async () => await service.getWorkflowExecutionHistory({ namespace, execution: workflowExecution, maximumPageSize: 1 }),
    query: async () => await service.queryWorkflow({ namespace, execution: workflowExecution, query: { queryType: 'none' } }),
    signal: async () => await service.signalWorkflowExecution({ namespace, workflowExecution, signalName: 'none' }),
    cancel: async () => await service.requestCancelWorkflowExecution({ namespace, workflowExecution }),
    list: async () => await service.listWorkflowExecutions({ namespace, pageSize: 1, query: `WorkflowId = '${workflowExecution.workflowId}'` }),
  };
  const missing: string[] = [];
  for (const [right, probe] of Object.entries(probes)) {
    const code = await calls.once(within(DEADLINE), probe).then(() => undefined, grpcCode);
    if (code === GRPC.PERMISSION_DENIED || code === GRPC.UNAUTHENTICATED) missing.push(right);
  }
  if (missing.length === 0) return [ok(`rights in namespace ${namespace}: ${Object.keys(probes).join(', ')} workflows`)];
  return [error(`rights in namespace ${namespace}: this role may not ${missing.join(', ')} workflows`, 'give it a role that can write in this namespace (and no more: the gateway deletes nothing)')];
}
