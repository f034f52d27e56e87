/** Opens a connection for a command that makes a few calls and exits. @module */
import { isMcpTasksError, McpTasksError } from '../task/errors.js';
import { temporalClient } from '../temporal/connection/connect.js';
import { Calls } from '../temporal/rpc/calls.js';
import { resolveTemporalTarget, type TemporalOptions, type TemporalTarget } from '../temporal/connection/target.js';
import { clusterFindings } from './doctor/cluster.js';
import { reasonOf } from './doctor/finding.js';

/**
 * Runs `ask` with an open connection and closes it afterwards.
 * @throws what {@link resolveTemporalTarget} and `ask` throw; McpTasksError `TEMPORAL_UNAVAILABLE` with the reason
 */
export async function withCalls<T>(
  options: TemporalOptions,
  ask: (calls: Calls, target: TemporalTarget) => Promise<T>,
): Promise<T> {
  const target = await resolveTemporalTarget(options);
  try {
    const calls = new Calls(temporalClient(target));
    try {
      return await ask(calls, target).catch(async (error: unknown) => {
        throw isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE') ? await explained(calls, target, error) : error;
      });
    } finally {
      await calls.close();
    }
  } finally {
    await target.release();
  }
}

/** Adds the reason that `doctor` would report. */
async function explained(calls: Calls, target: TemporalTarget, error: McpTasksError): Promise<McpTasksError> {
  const { there, findings } = await clusterFindings(calls, target);
  const message = there
    ? `Temporal at ${target.address}: ${reasonOf(error)}`
    : findings.map(({ text, remedy }) => `${text}; ${remedy}`).join('\n');
  return new McpTasksError('TEMPORAL_UNAVAILABLE', message, { cause: error });
}
