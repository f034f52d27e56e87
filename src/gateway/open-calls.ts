/** A connection for a command that asks something and ends. @module */
import { temporalClient } from '../temporal/connect.js';
import { Calls } from '../temporal/calls.js';
import { resolveTemporalTarget, type TemporalOptions, type TemporalTarget } from '../temporal/target.js';

/** @throws what {@link resolveTemporalTarget} throws */
export async function withCalls<T>(options: TemporalOptions, ask: (calls: Calls, target: TemporalTarget) => Promise<T>): Promise<T> {
  const target = await resolveTemporalTarget(options);
  const calls = new Calls(temporalClient(target));
  try {
    return await ask(calls, target);
  } finally {
    await calls.close();
    await target.release();
  }
}
