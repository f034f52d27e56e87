/**
 * Tells a task's caller, in one sentence, what an operator did to its workflow in Temporal's UI or CLI, and what to do
 * now. Never names the operator, because identities contain user and host names. Pure.
 * @module
 */
import type { temporal } from '@temporalio/proto';
import { CANCEL_REASON, isTtlWorkflow } from '../../task/names.js';
import { shortQuote } from '../../task/message.js';
import { optionalTsToMs } from '../seam.js';
import type { Description } from './describe.js';

type Terminated = temporal.api.history.v1.IWorkflowExecutionTerminatedEventAttributes;
type CancelRequested = temporal.api.history.v1.IWorkflowExecutionCancelRequestedEventAttributes;

/** The identity with which Temporal itself terminates workflows, such as one whose history is too large. */
const TEMPORAL_ITSELF = 'history-service';
/**
 * The identity of the TypeScript SDK. In earlier versions, which gave no reason, only this identified a cancellation
 * through MCP.
 */
const OUR_SDK = /^\d+@[^@]*$/;

/** A signal that a person sent, in Temporal's UI or CLI. */
export interface PersonsSignal {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Returns what an operator last did to an open workflow.
 * @param changedAt when anything else about the task last changed; earlier signals no longer matter
 */
export function operatorNotice(
  { raw: { workflowExtendedInfo: info } }: Pick<Description, 'raw'>,
  signal: PersonsSignal | undefined,
  changedAt: number,
): string | undefined {
  if (info?.pauseInfo)
    return `an operator paused this task in Temporal${because(info.pauseInfo.reason)}; it continues once an operator unpauses it, so keep waiting`;
  if (signal && signal.at >= changedAt)
    return `an operator sent this task the signal ${JSON.stringify(signal.name)} in Temporal; it is still running, so keep waiting`;
  const resetAt = optionalTsToMs(info?.lastResetTime);
  return resetAt
    ? `an operator reset this task in Temporal at ${new Date(resetAt).toISOString()}, so it repeats its work from an earlier point; keep waiting`
    : undefined;
}

export function terminationText({ identity, reason }: Pick<Terminated, 'identity' | 'reason'>): string {
  return identity === TEMPORAL_ITSELF
    ? `Temporal terminated this task${because(reason)}, so its work stopped without clean-up; ask an operator before you call the tool again.`
    : `An operator terminated this task in Temporal${because(reason)}, so its work stopped without clean-up; call the tool again if the work is still needed.`;
}

/** Returns why a task is cancelled; `undefined` if its caller cancelled it. */
export function cancellationText({
  cause,
  identity,
  externalWorkflowExecution: by,
}: Pick<CancelRequested, 'cause' | 'identity' | 'externalWorkflowExecution'>): string | undefined {
  if (cause === CANCEL_REASON) return undefined;
  if (isTtlWorkflow(by?.workflowId ?? ''))
    return 'This task was cancelled because it was still running when its ttl passed; to let it finish, call the tool again with a longer ttl.';
  if (by?.workflowId)
    return `Another workflow cancelled this task${because(cause)}; call the tool again if the work is still needed.`;
  if (!cause && OUR_SDK.test(identity ?? '')) return undefined;
  return `An operator cancelled this task in Temporal${because(cause)}; call the tool again if the work is still needed.`;
}

function because(reason: string | null | undefined): string {
  return reason ? ` (${shortQuote(reason)})` : '';
}
