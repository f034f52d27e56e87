/** `createWorker`: a Temporal worker for durable tools, ready to run. @module */
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { McpTasksError } from '../task/errors.js';
import { DEFAULT_TASK_QUEUE } from '../task/names.js';
import { resolveTemporalTarget, type TemporalOptions, type TemporalTarget } from '../temporal/connection/target.js';
import type { DurableTool } from '../tool/define-tool.js';
import { McpTasksPlugin } from './plugin.js';
import { ensureRuntime } from './runtime.js';
import { workflowsOf } from './shipped-workflows.js';
import { OWN_LOGS } from './worker-log.js';

/** The Temporal that a `DurableTasks` in the same process is connected to. */
export interface SharedTemporal {
  readonly temporal: TemporalTarget;
  /** Resolves once that Temporal has started. */
  ready(): Promise<void>;
  readonly taskQueue: string;
  readonly dataConverter?: WorkerOptions['dataConverter'];
  /**
   * Starts the tasks of short tools on the worker's connection, so that Temporal can return the first workflow task in
   * its response to the start. Returns a function that stops this. It is called before the connection closes.
   */
  hasWorker?(connection: NativeConnection): () => void;
  /** Registers `stop`, which stops the worker before its Temporal connection closes. */
  beforeClose(stop: () => Promise<void>): void;
}

/** The options of {@link createWorker}: its own, and Temporal's. Temporal's also accept numbers of milliseconds. */
export interface CreateWorkerOptions extends Omit<Partial<WorkerOptions>, 'connection' | 'namespace' | 'taskQueue'> {
  /** The tools to run, as the server has them. */
  readonly tools: readonly DurableTool[];
  /** The `DurableTasks` of this process, to share its Temporal, task queue and data converter. */
  readonly tasks?: SharedTemporal;
  /**
   * Which Temporal to use if `tasks` is not given.
   * @default the one named in the environment, or the dev server under `.mcp-tasks`
   */
  readonly temporal?: TemporalOptions;
  /** @default that of `tasks`, or 'mcp-tasks' */
  readonly taskQueue?: string;
  /**
   * A file that exports your own workflows and, if there are function tools, `export * from
   * 'mcp-tasks-temporal/workflows';`. The worker bundles it when it starts, which takes a second or more.
   * @default the workflows of `mcp-tasks-temporal/workflows`, which are already bundled
   */
  readonly workflowsPath?: string;
  /** The activities of your own workflows. */
  readonly activities?: object;
}

/** A worker that {@link createWorker} created, with its connection. */
export interface DurableWorker {
  /** Temporal's own Worker. */
  readonly worker: Worker;
  /**
   * Runs until {@link DurableWorker.shutdown} or a signal that Temporal's Runtime listens for, then closes its
   * connection.
   */
  run(): Promise<void>;
  /** Stops taking work, gives running steps `shutdownGraceTime` to end, and lets `run` return. */
  shutdown(): void;
  /** Calls {@link shutdown} and waits until the worker has stopped and its connection is closed. */
  stop(): Promise<void>;
}

/**
 * Creates a worker. Differs from Temporal's defaults in two ways: heartbeats are sent at least every second
 * (`maxHeartbeatThrottleInterval`, `defaultHeartbeatThrottleInterval`), so that progress is fresh, and a shutdown gives
 * running steps 10 s (`shutdownGraceTime`). Accepts all of Temporal's Worker options except `connection` and
 * `namespace`.
 *
 * If `tasks` closes before the worker has been created, returns a stopped worker.
 *
 * @throws McpTasksError `WORKFLOWS_MISSING` if `workflowsPath` lacks the shipped workflow, `LOCAL_SERVICE` if Temporal
 * is unavailable
 * @example
 * const worker = await createWorker({ tools });
 * await worker.run();
 */
export async function createWorker(options: CreateWorkerOptions): Promise<DurableWorker> {
  const creating = create(options);
  let closing = false;
  // Registered before the worker exists, because creating it needs the Temporal that closing releases.
  options.tasks?.beforeClose(async () => {
    closing = true;
    const running = await creating.catch(() => undefined);
    await running?.stop();
  });
  return await creating.catch((error: unknown) => {
    if (closing) return new StoppedWorker();
    throw error;
  });
}

async function create({
  tools,
  tasks,
  temporal,
  workflowsPath,
  dataConverter = tasks?.dataConverter,
  ...options
}: CreateWorkerOptions): Promise<RunningWorker> {
  await tasks?.ready();
  const target = tasks?.temporal ?? (await resolveTemporalTarget(temporal));
  // Do not release a shared Temporal: the `DurableTasks` owns it.
  const release = tasks ? async (): Promise<void> => {} : async (): Promise<void> => await target.release();
  let connection: NativeConnection | undefined;
  try {
    // Not earlier, because a Runtime without a connection would keep the process alive.
    ensureRuntime();
    connection = await NativeConnection.connect(target.connectionOptions);
    const worker = await Worker.create({
      maxHeartbeatThrottleInterval: '1 second',
      defaultHeartbeatThrottleInterval: '1 second',
      shutdownGraceTime: '10 seconds',
      ...options,
      ...(dataConverter ? { dataConverter } : {}),
      ...workflowsOf({ ...options, workflowsPath, dataConverter }, (message, versions) =>
        Runtime.instance().logger.info(message, { ...OWN_LOGS, ...versions }),
      ),
      taskQueue: options.taskQueue ?? tasks?.taskQueue ?? DEFAULT_TASK_QUEUE,
      connection,
      namespace: target.namespace,
      plugins: [...(options.plugins ?? []), new McpTasksPlugin({ tools })],
    });
    return new RunningWorker(worker, connection, release, (shared) => tasks?.hasWorker?.(shared));
  } catch (error) {
    await connection?.close().catch(() => undefined);
    await release();
    throw error;
  }
}

/** A worker whose server closed before it was created. */
class StoppedWorker implements DurableWorker {
  get worker(): Worker {
    throw new McpTasksError('TEMPORAL_UNAVAILABLE', 'the server closed before the worker was created');
  }

  async run(): Promise<void> {
    await Promise.resolve();
  }

  shutdown(): void {
    // The worker has already stopped.
  }

  async stop(): Promise<void> {
    await Promise.resolve();
  }
}

class RunningWorker implements DurableWorker {
  #run: Promise<void> | undefined;
  #stopped = false;
  #away: (() => void) | undefined;

  constructor(
    readonly worker: Worker,
    private readonly connection: NativeConnection,
    private readonly release: () => Promise<void>,
    /** Announces that the worker runs. Returns a function that announces that it no longer does. */
    private readonly announce: (connection: NativeConnection) => (() => void) | undefined,
  ) {}

  async run(): Promise<void> {
    this.#run ??= this.#work();
    await this.#run;
  }

  shutdown(): void {
    this.#stopped = true;
    this.#away?.();
    // A signal may have made Temporal's Runtime shut the worker down already.
    if (this.worker.getState() === 'RUNNING') this.worker.shutdown();
  }

  async stop(): Promise<void> {
    this.shutdown();
    await this.run();
  }

  async #work(): Promise<void> {
    try {
      const working = this.worker.run();
      // Stopped before it began. Only a running worker can be shut down.
      if (this.#stopped) this.worker.shutdown();
      else this.#away = this.announce(this.connection);
      await working;
    } finally {
      this.#away?.();
      await this.connection.close();
      await this.release();
    }
  }
}
