/**
 * Calls to Temporal. Each has a deadline and fails with one of this package's errors, and closing ends them all.
 * @module
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { isRetryableError, ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import pRetry from 'p-retry';
import { McpTasksError, isMcpTasksError } from '../../task/errors.js';
import { GRPC, grpcCode, grpcError, refusal } from './refusal.js';
import { linkSignals } from './signals.js';

export { GRPC, grpcCode };

/**
 * Time limits in milliseconds, including retries of transient errors. Without a cluster, every request is answered
 * within 5 s.
 */
export const DEADLINE = {
  /** After a start times out, `started` limits the check whether it succeeded anyway. */
  start: 3_000,
  /** The check whether a start that timed out succeeded anyway. */
  started: 1_500,
  /** A whole start with an idempotency key, including the search for the key's existing task. */
  keyedStart: 4_500,
  /** Everything `tasks/get` asks for. It has to answer within two seconds, even when no worker is running. */
  read: 1_900,
  /** The part of a read that needs a worker. What it adds is not worth a longer wait. */
  query: 500,
  cancel: 3_000,
  list: 4_500,
  respond: 2_000,
  /** An update that no worker accepts, followed by a signal. */
  reply: 4_500,
  /** The deadline for a message or result in external storage, which may be large and remote. */
  stored: 30_000,
} as const;

/** How far a call may overrun its deadline, in milliseconds. It ends by itself unless a codec hangs. */
const GRACE = 50;
/** How long closing waits for aborted calls to end, in milliseconds. */
const CLOSING = 1_000;

/**
 * Returns the error for a task that never existed, has expired or belongs to someone else. It is the same for all
 * three.
 */
export function taskNotFound(): McpTasksError {
  return new McpTasksError(
    'TASK_NOT_FOUND',
    'Failed to retrieve task: Task not found. It has expired or been deleted, or never existed; call the tool again if the work is still needed.',
  );
}

/**
 * Makes the calls of one client. Retries happen here because the client's own retries outlive the closing of its
 * connection.
 */
export class Calls {
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(readonly client: Client) {
    // Every pending call and wait adds a listener and removes it when it ends, so a large number is not a leak.
    setMaxListeners(0, this.closing);
  }

  /** Aborted by {@link close}, with the error for everyone who is still waiting. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Whether large payloads go to external storage. */
  get stores(): boolean {
    return this.client.options.loadedDataConverter.externalStorage !== undefined;
  }

  /**
   * Runs `fn` and retries it after transient errors, until `until` (milliseconds since 1970).
   * @param alsoTransient says which further errors are transient for this call
   * @throws McpTasksError `TASK_NOT_FOUND` if Temporal has no such workflow, `TEMPORAL_UNAVAILABLE` if it does not
   * answer in time, `TEMPORAL_REFUSED` if it denies the request
   */
  async run<T>(until: number, fn: () => Promise<T>, alsoTransient?: (error: unknown) => boolean): Promise<T> {
    try {
      return await pRetry(async () => await this.once(until, fn), {
        retries: Number.POSITIVE_INFINITY,
        maxRetryTime: Math.max(0, until - Date.now()),
        minTimeout: 100,
        factor: 1.7,
        maxTimeout: 2_000,
        shouldRetry: ({ error }) => isTransient(error) || alsoTransient?.(error) === true,
        signal: this.closing,
      });
    } catch (error) {
      throw translate(error);
    }
  }

  /**
   * Runs `fn` once, including its work on payloads. Errors are passed on unchanged.
   * @throws McpTasksError `TEMPORAL_UNAVAILABLE` if it takes too long
   */
  async once<T>(until: number, fn: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    // Give each call its own signal: the client never removes the listeners it adds to one.
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
    return await withTimeLimit(call, until + GRACE);
  }

  /** Aborts all calls, then closes the connection. */
  async close(): Promise<void> {
    this.#closing.abort(
      new McpTasksError('TEMPORAL_UNAVAILABLE', 'The server is shutting down. The task keeps running; try again.'),
    );
    await Promise.race([Promise.allSettled(this.#underWay), delay(CLOSING, undefined, { ref: false })]);
    await this.client.connection.close();
  }
}

/** Returns the time `milliseconds` from now, in the form that {@link Calls.run} takes. */
export function within(milliseconds: number): number {
  return Date.now() + milliseconds;
}

/** Limits the whole call. The client puts a deadline on RPCs, but a codec can take any amount of time. */
async function withTimeLimit<T>(call: Promise<T>, until: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = (): McpTasksError =>
      new McpTasksError(
        'TEMPORAL_UNAVAILABLE',
        'Temporal or the payload codec did not answer in time. The task is not affected; try again.',
      );
    timer = setTimeout(() => reject(error()), until - Date.now());
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

function isTransient(error: unknown): boolean {
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
      'Temporal did not answer in time. The task is not affected; try again.',
      { cause: error },
    );
  }
  return error;
}
