/** Calls to Temporal: each with a deadline, each failing with one of this package's errors, all ended by closing. @module */
import { setMaxListeners } from 'node:events';
import { isGrpcServiceError, isRetryableError, ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import pRetry from 'p-retry';
import { McpTasksError, isMcpTasksError } from '../task/errors.js';
import { linkSignals } from './signals.js';

/** gRPC status codes, https://grpc.io/docs/guides/status-codes/ */
export const GRPC = { INVALID_ARGUMENT: 3, DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, PERMISSION_DENIED: 7, FAILED_PRECONDITION: 9, UNAUTHENTICATED: 16 } as const;

/** How long things may take, in milliseconds, the retries of passing errors included: with no cluster, every request is answered within 5 s. */
export const DEADLINE = {
  /** Afterwards it is looked whether it started all the same. */
  start: 3_000,
  /** That look. */
  started: 1_500,
  /** All that `tasks/get` asks; it has to answer within two seconds, with no worker alive as well. */
  read: 1_900,
  /** The part of a read that waits for a worker: what it would add is not worth more. */
  query: 500,
  cancel: 3_000,
  list: 4_500,
  respond: 2_000,
} as const;

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
   * @throws McpTasksError `TASK_NOT_FOUND` where Temporal knows no such workflow, `TEMPORAL_UNAVAILABLE` where it does not answer in time
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

  /** Runs `fn` once; errors stay as they are. */
  async once<T>(until: number, fn: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    // A signal of its own for each call: the client never removes the listeners it adds to one.
    const link = linkSignals(this.closing, signal);
    const call = this.client.withAbortSignal(link.signal, async () => {
      link.signal.throwIfAborted();
      return await this.client.withDeadline(until, fn);
    });
    this.#underWay.add(call);
    try {
      return await call;
    } finally {
      this.#underWay.delete(call);
      link.unlink();
    }
  }

  /** Ends all calls, then closes the connection. */
  async close(): Promise<void> {
    this.#closing.abort(new McpTasksError('TEMPORAL_UNAVAILABLE', 'the server is shutting down; ask again, the task goes on'));
    await Promise.allSettled(this.#underWay);
    await this.client.connection.close();
  }
}

/** The time `milliseconds` from now, as {@link Calls.run} takes it. */
export function within(milliseconds: number): number {
  return Date.now() + milliseconds;
}

export function grpcCode(error: unknown): number | undefined {
  return grpcError(error)?.code;
}

function grpcError(error: unknown) {
  const root = (error instanceof ServiceError || error instanceof McpTasksError) && error.cause ? error.cause : error;
  const grpc = root instanceof ServiceError && root.cause ? root.cause : root;
  return isGrpcServiceError(grpc) ? grpc : undefined;
}

function mayPass(error: unknown): boolean {
  const grpc = grpcError(error);
  return grpc !== undefined && isRetryableError(grpc);
}

function translate(error: unknown): unknown {
  if (isMcpTasksError(error)) return error;
  if (error instanceof WorkflowNotFoundError || grpcCode(error) === GRPC.NOT_FOUND) return taskNotFound();
  if (grpcCode(error) !== undefined || error instanceof ServiceError) {
    return new McpTasksError('TEMPORAL_UNAVAILABLE', 'Temporal did not answer in time; the task is not affected, try again', { cause: error });
  }
  return error;
}
