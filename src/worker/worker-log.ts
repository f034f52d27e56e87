/**
 * Writes the Temporal Worker's log to this package's logger: structured, with task ID and step, and without a tool's
 * arguments or results. @module
 */
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { stderrLogger, type Logger } from '../local/log.js';
import { stepName } from '../task/names.js';

/**
 * Returns a logger for Temporal's Runtime that never logs a tool's arguments, its results or the text of its errors,
 * which may quote them. Of Temporal's own messages, passes on only warnings and errors: the others are about bundles and
 * polling. What your workflows and activities log through Temporal's `log` is passed on as it is.
 *
 * @param logger where the log goes. Default: JSON lines on stderr
 * @example
 * Runtime.install({ ...runtimeOptions(), logger: workerLogger(log) });
 * const worker = await createWorker({ tools });
 */
export function workerLogger(logger: Logger = stderrLogger()): DefaultLogger {
  return new DefaultLogger('DEBUG', (entry) => {
    const { level, message } = entry;
    if (isAuthors(entry) || isOwn(entry)) logger[METHODS[level]]({ ...fields(entry), ...ownFields(entry) }, message);
    else if (level === 'ERROR') logger.error(fields(entry), message);
    else if (level === 'WARN') logger.warn(fields(entry), message);
  });
}

/** Marks what this package logs through Temporal's logger. */
export const OWN_LOGS = { sdkComponent: 'mcp-tasks-temporal' };

const METHODS = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** What Temporal adds to each message of a workflow or an activity. */
const ADDED: ReadonlySet<string> = new Set([
  'namespace',
  'taskQueue',
  'workflowId',
  'runId',
  'workflowType',
  'workflowNamespace',
  'workflowRunId',
  'activityId',
  'activityType',
  'attempt',
  'isLocal',
  'taskToken',
  'sdkComponent',
]);

/** Returns whether a workflow or an activity has logged this, and not the Worker. */
function isAuthors({ meta = {} }: LogEntry): boolean {
  const { sdkComponent } = meta as Record<string, unknown>;
  return sdkComponent === 'workflow' || sdkComponent === 'activity';
}

function isOwn({ meta = {} }: LogEntry): boolean {
  return (meta as Record<string, unknown>)['sdkComponent'] === OWN_LOGS.sdkComponent;
}

function ownFields({ meta = {} }: LogEntry): object {
  return Object.fromEntries(Object.entries(meta).filter(([name]) => !ADDED.has(name)));
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
