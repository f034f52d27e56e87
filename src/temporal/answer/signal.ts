/** Sends signals with a request ID: Temporal delivers signals with the same ID once. @module */
import { encodeToPayloadsWithContext, ExternalStorageRunner } from '../seam.js';
import type { Calls } from '../rpc/calls.js';

export interface OneSignal {
  readonly name: string;
  readonly args: readonly unknown[];
  /** Signals with the same value are delivered once to a run. */
  readonly once: string;
}

/** Sends the signal. The client's own method would use a new request ID for each. */
export async function signalOnce(
  { client }: Calls,
  workflowId: string,
  { name, args, once }: OneSignal,
): Promise<void> {
  const { namespace, identity, loadedDataConverter } = client.options;
  const payloads = await encodeToPayloadsWithContext(loadedDataConverter, { type: 'workflow', namespace, workflowId }, [
    ...args,
  ]);
  const { externalStorage } = loadedDataConverter;
  const target = { kind: 'workflow', namespace, id: workflowId } as const;
  const stored = externalStorage
    ? await new ExternalStorageRunner(externalStorage).store(payloads ?? [], { target })
    : (payloads ?? []);
  await client.workflowService.signalWorkflowExecution({
    namespace,
    identity,
    workflowExecution: { workflowId },
    requestId: once,
    signalName: name,
    input: { payloads: stored },
  });
}
