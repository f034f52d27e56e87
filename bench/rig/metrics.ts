/** Requests at Temporal's frontend, from a dev server's metrics. @module */

/** Requests so far, by operation. */
export type Counts = Readonly<Record<string, number>>;

/** Reads the counts of the namespace `default` out of the metrics in Prometheus' format. */
export function countsIn(metrics: string): Counts {
  const counts: Record<string, number> = {};
  for (const line of metrics.split('\n')) {
    const [, labels = '', value] = /^service_requests(?:_total)?\{(.*)\} (\S+)$/.exec(line) ?? [];
    const label = (name: string): string | undefined => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1];
    const operation = label('operation');
    if (value === undefined || operation === undefined) continue;
    if (label('service_name') !== 'frontend' || label('namespace') !== 'default') continue;
    counts[operation] = (counts[operation] ?? 0) + Number(value);
  }
  return counts;
}

/** Returns what has been added to `before`. */
export function added(before: Counts, after: Counts): Counts {
  return Object.fromEntries(
    Object.entries(after)
      .map(([operation, count]) => [operation, count - (before[operation] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
}

/** A history long poll. Temporal answers it after 20 s if nothing happens. */
const LONG_POLL = 'PollWorkflowExecutionHistory';
/** What workers ask for work with, all the time. */
const TASK_POLL = /^Poll\w+TaskQueue$/;
/** What workers send while they work. */
const WORKERS = /^(Respond|Record|Poll\w+TaskQueue|ShutdownWorker|DescribeNamespace|GetSystemInfo)/;

/** Sums up the requests that a task causes: those of clients and of workers, without long polls and task polls. */
export function requestsIn(counts: Counts): number {
  return sumOf(counts, (operation) => operation !== LONG_POLL && !TASK_POLL.test(operation));
}

export function longPollsIn(counts: Counts): number {
  return sumOf(counts, (operation) => operation === LONG_POLL);
}

/** Sums up the requests of clients. */
export function clientRequestsIn(counts: Counts): number {
  return sumOf(counts, (operation) => operation !== LONG_POLL && !WORKERS.test(operation));
}

function sumOf(counts: Counts, counted: (operation: string) => boolean): number {
  return Object.entries(counts).reduce((sum, [operation, count]) => (counted(operation) ? sum + count : sum), 0);
}
