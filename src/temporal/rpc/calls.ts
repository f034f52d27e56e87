/** Calls to Temporal: each with a deadline, each failing with one of this package's errors, all ended by closing. @module */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { isRetryableError, ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import pRetry from 'p-retry';
import { McpTasksError, isMcpTasksError } from '../../task/errors.js';
import { GRPC, grpcCode, grpcError, refusal } from './refusal.js';
import { linkSignals } from './signals.js';

export { GRPC, grpcCode };

/** How long things may take, in milliseconds, the retries of passing errors included: with no cluster, every request is answered within 5 s. */
export const DEADLINE = {
  /** Afterwards it is looked whether it started all the same. */
  start: 3_000,
  /** That look. */
  started: 1_500,
  /** All of a start with an idempotency key, whose task is looked for first. */
  keyedStart: 4_500,
  /** All that `tasks/get` asks; it has to answer within two seconds, with no worker alive as well. */
  read: 1_900,
  /** The part of a read that waits for a worker: what it would add is not worth more. */
  query: 500,
  cancel: 3_000,
  list: 4_500,
  respond: 2_000,
  /** An update that no worker takes, and then a signal. */
  reply: 4_500,
} as const;

/** How much longer than its deadline a call may take, in milliseconds: it ends by itself, unless a codec hangs. */
const GRACE = 50;
/** How long closing waits for calls that were aborted, in milliseconds. */
const CLOSING = 1_000;

/** The same answer for a task that never existed, has expired or is somebody else's. */
export function taskNotFound(): McpTasksError {
  return new McpTasksError('TASK_NOT_FOUND', 'Failed to retrieve task: Task not found');
}

/** One client's calls. Retries are made here and not by the client, whose own outlive the closing of its connection. */
export class Calls {
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(readonly client: Client) {
    // Every call under way and every wait listens to it, and stops doing so: many are no leak here.
    setMaxListeners(0, this.closing);
  }

  /** Aborted by {@link close}, with the error that whoever waits is to get. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Runs `fn`, and again after passing errors, until `until` (milliseconds since 1970).
   * @param alsoPasses a gRPC status code that passes in this call, though not in others
   * @throws McpTasksError `TASK_NOT_FOUND` where Temporal knows no such workflow, `TEMPORAL_UNAVAILABLE` where it does not answer in
   * time, `TEMPORAL_REFUSED` where it will not
   */
  async run<T>(until: number, fn: () => Promise<T>, alsoPasses?: number): Promise<T> {
    try {
      return await pRetry(async () => await this.once(until, fn), {
        retries: Number.POSITIVE_INFINITY,
        maxRetryTime: Math.max(0, until - Date.now()),
        minTimeout: 100,
        factor: 1.7,
        maxTimeout: 2_000,
        shouldRetry: ({ error }) => mayPass(error) || (alsoPasses !== undefined && grpcCode(error) === alsoPasses),
        signal: this.closing,
      });
    } catch (error) {
      throw translate(error);
    }
  }

  /** Runs `fn` once, what it does with payloads included; errors stay as they are, but for `TEMPORAL_UNAVAILABLE` where that takes too long. */
  async once<T>(until: number, fn: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    // A signal of its own for each call: the client never removes the listeners it adds to one.
    const link = linkSignals(this.closing, signal);
    const call = this.client.withAbortSignal(link.signal, async () => {
      link.signal.throwIfAborted();
      return await this.client.withDeadline(until, fn);
    });
    this.#underWay.add(call);
    const over = (): void => {
      this.#underWay.delete(call);
      link.unlink();
    };
    call.then(over, over);
    return await inTime(call, until + GRACE);
  }

  /** Ends all calls, then closes the connection. */
  async close(): Promise<void> {
    this.#closing.abort(
      new McpTasksError('TEMPORAL_UNAVAILABLE', 'the server is shutting down; ask again, the task goes on'),
    );
    await Promise.race([Promise.allSettled(this.#underWay), delay(CLOSING, undefined, { ref: false })]);
    await this.client.connection.close();
  }
}

/** The time `milliseconds` from now, as {@link Calls.run} takes it. */
export function within(milliseconds: number): number {
  return Date.now() + milliseconds;
}

/** Temporal's calls have their deadlines, but a codec may take as long as it likes. */
async function inTime<T>(call: Promise<T>, until: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = (): McpTasksError =>
      new McpTasksError(
        'TEMPORAL_UNAVAILABLE',
        'Temporal, or the codec of its payloads, did not answer in time; the task is not affected, try again',
      );
    timer = setTimeout(() => reject(error()), until - Date.now());
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

function mayPass(error: unknown): boolean {
  const grpc = grpcError(error);
  return grpc !== undefined && isRetryableError(grpc);
}

function translate(error: unknown): unknown {
  if (isMcpTasksError(error)) return error;
  const refused = refusal(error);
  if (refused !== undefined) return new McpTasksError('TEMPORAL_REFUSED', refused, { cause: error });
  if (error instanceof WorkflowNotFoundError || grpcCode(error) === GRPC.NOT_FOUND) return taskNotFound();
  if (grpcCode(error) !== undefined || error instanceof ServiceError) {
    return new McpTasksError(
      'TEMPORAL_UNAVAILABLE',
      'Temporal did not answer in time; the task is not affected, try again',
      { cause: error },
    );
  }
  return error;
}
