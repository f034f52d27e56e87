/**
 * Writes the Temporal Worker's log to this package's logger: structured, with task ID and step, and without a tool's
 * arguments or results. @module
 */
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { stderrLogger, type Logger } from '../local/log.js';
import { stepName } from '../task/names.js';

/**
 * Returns a logger for Temporal's Runtime that never logs a tool's arguments, its results or the text of its errors,
 * which may quote them. Passes on only warnings and errors: a Worker's other messages are about bundles and polling.
 *
 * @param logger where the log goes. Default: JSON lines on stderr
 * @example
 * Runtime.install({ ...runtimeOptions(), logger: workerLogger(log) });
 * const worker = await createWorker({ tools });
 */
export function workerLogger(logger: Logger = stderrLogger()): DefaultLogger {
  return new DefaultLogger('WARN', (entry) =>
    entry.level === 'ERROR' ? logger.error(fields(entry), entry.message) : logger.warn(fields(entry), entry.message),
  );
}

/**
 * Returns the fields to log. An error's message may quote user data, so only its type is logged; Temporal has the rest.
 */
function fields({ meta = {} }: LogEntry): object {
  const { workflowId, activityType, workflowType, attempt, error } = meta as Record<string, unknown>;
  const failure = rootCause(error);
  return {
    ...(workflowId === undefined ? {} : { taskId: workflowId }),
    ...(typeof activityType === 'string' ? { step: stepName(activityType), attempt } : {}),
    ...(workflowType === undefined ? {} : { workflowType }),
    ...(failure === undefined ? {} : { failure }),
  };
}

function rootCause(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.cause instanceof Error) return rootCause(error.cause);
  const { type } = error as { type?: unknown };
  return typeof type === 'string' ? type : error.name;
}
