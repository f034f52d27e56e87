/** `McpTasksPlugin`: adds durable tools to an author's existing Worker. @module */
import { fileURLToPath } from 'node:url';
import { SimplePlugin } from '@temporalio/plugin';
import type { WorkerOptions } from '@temporalio/worker';
import type { DurableTool } from '../tool/define-tool.js';
import { checkStorage } from '../temporal/storage/check-storage.js';
import { activityInterceptor } from './activity-interceptor.js';
import { checkFailureConverter, withBundleCheck } from './bundle-check.js';
import { janitorActivities } from './janitor.js';
import { toolActivities } from './run-tool.js';
import { unregistered } from './unregistered.js';

/** The options of {@link McpTasksPlugin}. */
export interface McpTasksPluginOptions {
  /** The tools to run, as the server has them. */
  readonly tools: readonly DurableTool[];
}

/** The file next to this one's folder, with the same extension: the sources are not compiled in tests. */
const INTERCEPTORS = fileURLToPath(
  new URL(`../workflow/interceptors${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url),
);

/**
 * Adds the activities that run function tools, and workflow interceptors. The interceptors fail a task with a clear
 * error if its workflow sends more than Temporal accepts, let your workflows' steps report all their progress, and let
 * only failures use up the steps' attempts. If you build the workflow bundle yourself, pass the plugin to
 * `bundleWorkflowCode` too, for these interceptors. It never sets `workflowsPath`, which would replace yours: export
 * the shipped workflow from your own workflows file, `export * from 'mcp-tasks-temporal/workflows';`.
 *
 * Progress is only as fresh as the Worker's heartbeat throttle, up to 24 s by default. Set
 * `maxHeartbeatThrottleInterval` and `defaultHeartbeatThrottleInterval` to '1s', and set a `shutdownGraceTime`.
 *
 * @throws McpTasksError `WORKFLOWS_MISSING` from `Worker.create` if that line is missing and a function tool or a
 * `beforeStart` or `onTtl: 'cancel'` needs it
 * @example
 * const worker = await Worker.create({ ...yours, plugins: [new McpTasksPlugin({ tools })] });
 */
export class McpTasksPlugin extends SimplePlugin {
  readonly #needsWorkflow: boolean;

  constructor({ tools }: McpTasksPluginOptions) {
    super({
      name: 'mcp-tasks-temporal',
      activities: (theirs: object = {}) =>
        withUnregistered({ ...asObject(theirs), ...toolActivities(tools), ...janitorActivities }),
      workerInterceptors: { activity: [activityInterceptor], workflowModules: [INTERCEPTORS] },
    });
    this.#needsWorkflow = tools.some(
      ({ work, beforeStart, onTtl }) => work.kind === 'function' || beforeStart !== undefined || onTtl === 'cancel',
    );
  }

  override configureWorker(options: WorkerOptions): WorkerOptions {
    checkStorage(options.dataConverter);
    checkFailureConverter(options);
    const configured = super.configureWorker(options);
    return this.#needsWorkflow ? withBundleCheck(configured) : configured;
  }
}

function asObject(activities: object): object {
  return activities instanceof Map ? Object.fromEntries(activities) : activities;
}

/** Temporal calls the activity `default` for types that are not registered. */
function withUnregistered(activities: object): object {
  // A worker without activities leaves them to other workers.
  return Object.keys(activities).length === 0 ? activities : { default: unregistered, ...activities };
}
