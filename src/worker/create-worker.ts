/** `createWorker`: a Temporal worker for durable tools, ready to run. @module */
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { DEFAULT_TASK_QUEUE } from '../task/names.js';
import { resolveTemporalTarget, type TemporalOptions, type TemporalTarget } from '../temporal/target.js';
import type { DurableTool } from '../tool/define-tool.js';
import { McpTasksPlugin } from './plugin.js';

/** The Temporal that a `DurableTasks` in the same process is connected to. */
export interface SharedTemporal {
  readonly temporal: TemporalTarget;
  readonly taskQueue: string;
  readonly dataConverter?: WorkerOptions['dataConverter'];
}

export interface CreateWorkerOptions extends Omit<Partial<WorkerOptions>, 'connection' | 'namespace' | 'taskQueue'> {
  readonly tools: readonly DurableTool[];
  /** The `DurableTasks` of this process, to share its Temporal, task queue and data converter. */
  readonly tasks?: SharedTemporal;
  /** Which Temporal, where `tasks` is not given. @default the environment's, or the dev server under `.mcp-tasks` */
  readonly temporal?: TemporalOptions;
  /** @default that of `tasks`, or 'mcp-tasks' */
  readonly taskQueue?: string;
  /**
   * A file that exports your own workflows, and `export * from 'mcp-tasks-temporal/workflows';` where there are function tools.
   * @default the shipped workflows
   */
  readonly workflowsPath?: string;
  /** The activities of your own workflows. */
  readonly activities?: object;
}

export interface DurableWorker {
  /** Temporal's own Worker. */
  readonly worker: Worker;
  /** Works until {@link DurableWorker.shutdown}, or a signal that Temporal's Runtime listens for; then closes its connection. */
  run(): Promise<void>;
  /** Stops taking work, gives running steps `shutdownGraceTime` to end, and lets `run` return. */
  shutdown(): void;
}

const SHIPPED_WORKFLOWS = fileURLToPath(new URL('../../workflows/index.js', import.meta.url));

/**
 * Beyond Temporal's own defaults: heartbeats are sent at least every second (`maxHeartbeatThrottleInterval`,
 * `defaultHeartbeatThrottleInterval`), so that progress is fresh, and a shutdown leaves running steps 10 s
 * (`shutdownGraceTime`). All of Temporal's Worker options can be given.
 *
 * @throws McpTasksError `WORKFLOWS_MISSING` if `workflowsPath` lacks the shipped workflow, `LOCAL_SERVICE` if no Temporal can be had
 * @example
 * const worker = await createWorker({ tools });
 * await worker.run();
 */
export async function createWorker({ tools, tasks, temporal, ...options }: CreateWorkerOptions): Promise<DurableWorker> {
  const target = tasks?.temporal ?? (await resolveTemporalTarget(temporal));
  const release = async (): Promise<void> => (tasks ? undefined : await target.release());
  let connection: NativeConnection | undefined;
  try {
    connection = await NativeConnection.connect(target.connectionOptions);
    const worker = await Worker.create({
      maxHeartbeatThrottleInterval: '1 second',
      defaultHeartbeatThrottleInterval: '1 second',
      shutdownGraceTime: '10 seconds',
      ...(tasks?.dataConverter ? { dataConverter: tasks.dataConverter } : {}),
      ...(options.workflowBundle ? {} : { workflowsPath: SHIPPED_WORKFLOWS }),
      ...options,
      taskQueue: options.taskQueue ?? tasks?.taskQueue ?? DEFAULT_TASK_QUEUE,
      connection,
      namespace: target.namespace,
      plugins: [...(options.plugins ?? []), new McpTasksPlugin({ tools })],
    });
    return new RunningWorker(worker, connection, release);
  } catch (error) {
    await connection?.close();
    await release();
    throw error;
  }
}

class RunningWorker implements DurableWorker {
  constructor(
    readonly worker: Worker,
    private readonly connection: NativeConnection,
    private readonly release: () => Promise<void>,
  ) {}

  async run(): Promise<void> {
    try {
      await this.worker.run();
    } finally {
      await this.connection.close();
      await this.release();
    }
  }

  shutdown(): void {
    // Temporal's Runtime may have been faster, by a signal.
    if (this.worker.getState() === 'RUNNING') this.worker.shutdown();
  }
}
