/**
 * Limits the run of a short tool's function as a local activity, so that two runs never overlap.
 *
 * A local activity belongs to the workflow task that its worker has open, and Temporal's core keeps that task alive
 * while the activity runs. So a function that ignores its signal is not lost: its workflow continues only
 * when it has settled. The workflow then uses a late result, or otherwise schedules a normal activity.
 *
 * If the worker dies, the workflow task times out after 10 s, and another worker runs the function again. A worker that
 * has only lost its connection aborted its function long before. If the function ignores that, the two overlap, as the
 * attempts of a normal activity can.
 * @module
 */
import type { Context } from '@temporalio/activity';

/** How long a function may run before its signal is aborted, in milliseconds. */
const MOMENT = 2_000;
/**
 * How many functions of a process run like this at a time. Each occupies one of its worker's 40 workflow task slots.
 */
const MOST = 20;

/** Runs that have not settled yet, by workflow ID. */
const running = new Map<string, Promise<unknown>>();

/** Why `ctx.signal` was aborted, although nobody has cancelled the task. */
export class MomentOver extends Error {
  override readonly name = 'AbortError';

  constructor() {
    super(
      `The function of a tool with expected: 'seconds' has run for ${MOMENT / 1_000} seconds. End it now: a normal activity then continues from its last checkpoint.`,
    );
  }
}

/** Whether this process may run another function like this. */
export function hasRoom(): boolean {
  return running.size < MOST;
}

/**
 * Runs `run` once the previous run of the same task in this process has settled.
 * @param run gets a signal that is aborted after 2 s
 */
export async function shortRun<Result>(
  { info }: Context,
  run: (over: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const id = info.workflowExecution?.workflowId ?? info.activityId;
  const over = new AbortController();
  const inTurn = async (before: Promise<unknown> | undefined): Promise<Result> => {
    await before?.catch(() => undefined);
    const timer = setTimeout(() => over.abort(new MomentOver()), MOMENT);
    return await run(over.signal).finally(() => clearTimeout(timer));
  };
  const current = inTurn(running.get(id));
  running.set(id, current);
  try {
    return await current;
  } finally {
    if (running.get(id) === current) running.delete(id);
  }
}
