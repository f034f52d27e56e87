/** The Temporal Worker's log as this package's: structured, with task ID and tool, and without what a tool was given or said. @module */
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import type { Logger } from '../local/log.js';
import { stepName } from '../task/names.js';

/** Only warnings and errors: what a Worker has to say beyond them is about bundles and polling. */
export function workerLogger(logger: Logger): DefaultLogger {
  return new DefaultLogger('WARN', (entry) =>
    entry.level === 'ERROR' ? logger.error(fields(entry), entry.message) : logger.warn(fields(entry), entry.message),
  );
}

/** A failure's message may quote the data it stumbled over; its type says enough here, and Temporal has the rest. */
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
