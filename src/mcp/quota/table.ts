/**
 * The limits on what callers can use, with their defaults. This is the only place with these numbers:
 * `scripts/write-limits.mjs` writes the tables of `docs/limits.md` from it. Pure.
 * @module
 */

const MIB = 1024 * 1024;

/** A limit that owners share. A caller with a token is an owner; all callers without one are one owner together. */
export interface SharedRow {
  readonly perOwner: number;
  /** At least four times `perOwner`, so that one owner cannot take everything. */
  readonly perProcess: number;
  /** What is counted, as in "Too many running tasks". */
  readonly counted: string;
  /** @default the limit is a number of things */
  readonly unit?: 'bytes';
  readonly meaning: string;
  /** What happens beyond the limit. @default the request is refused */
  readonly beyond?: string;
}

/** A limit on one thing. */
export interface SingleRow {
  readonly each: number;
  /** What has the limit, as in "for each stream". */
  readonly of: string;
  readonly counted: string;
  readonly unit?: 'bytes';
  readonly meaning: string;
  readonly beyond?: string;
}

/** The limits that owners share. */
export const SHARED = {
  runningTasks: {
    perOwner: 1_000,
    perProcess: 10_000,
    counted: 'running tasks',
    meaning: 'Tasks that have not ended, wherever they were started.',
  },
  startsPerMinute: {
    perOwner: 300,
    perProcess: 6_000,
    counted: 'task starts per minute',
    meaning:
      'Calls of durable tools. A caller that has been idle can make this many at once, and then regains a sixtieth of them each second. A call that repeats an idempotency key counts as a read.',
  },
  readsPerSecond: {
    perOwner: 250,
    perProcess: 1_000,
    counted: 'requests about tasks per second',
    meaning:
      'Requests about tasks (`tasks/*`, reads of linked results, and calls that repeat an idempotency key). This many can arrive at once.',
  },
  streams: {
    perOwner: 256,
    perProcess: 1_024,
    counted: 'open streams',
    meaning: 'Streams that sessions open with GET (2025-11-25).',
  },
  subscriptions: {
    perOwner: 64,
    perProcess: 512,
    counted: 'open subscriptions',
    meaning: 'Open `subscriptions/listen` requests (2026-07-28).',
  },
  waitingRequests: {
    perOwner: 500,
    perProcess: 2_000,
    counted: 'waiting requests',
    meaning: 'Requests that wait for a task: `tasks/result`, calls that do not become a task, and `task_wait`.',
  },
  unansweredBytes: {
    perOwner: 32 * MIB,
    perProcess: 128 * MIB,
    counted: 'bytes of unanswered requests',
    unit: 'bytes',
    meaning:
      'Bodies of requests over HTTP, from their first byte until the response has ended, with 40 bytes more for each value in them. A single body may be larger.',
  },
  unreadBytes: {
    perOwner: 64 * MIB,
    perProcess: 256 * MIB,
    counted: 'bytes of unread responses',
    unit: 'bytes',
    meaning:
      'Responses over HTTP that clients have not read yet. The response that reaches the limit may go beyond it.',
    beyond: 'The request is refused. A stream is cut off, and a warning is logged',
  },
  sessionBytes: {
    perOwner: 8 * MIB,
    perProcess: 32 * MIB,
    counted: 'bytes kept for sessions',
    unit: 'bytes',
    meaning: 'Memory for the tasks of sessions (2025-11-25): the ID and status of up to 100 tasks for each session.',
    beyond:
      'The least recently used session is forgotten. Its client gets notifications again once it asks about a task',
  },
} as const satisfies Record<string, SharedRow>;

/** The limits on single things. */
export const SINGLE = {
  readsPerPoll: {
    each: 10,
    of: 'task',
    counted: 'reads of one task per poll interval',
    meaning: 'Reads of one task (`tasks/get`) by one owner per `pollInterval`. Ten times as many can arrive at once.',
  },
  tasksPerSubscription: {
    each: 100,
    of: 'subscription',
    counted: 'tasks in one subscription',
    meaning: 'Tasks that one subscription follows.',
    beyond: 'Further tasks are left out of the acknowledgement',
  },
  unreadBytesPerStream: {
    each: 8 * MIB,
    of: 'stream',
    counted: 'unread bytes on one stream',
    unit: 'bytes',
    meaning: 'Messages on one event stream that its client has not read yet. A single message may be larger.',
    beyond: 'The stream is cut off, and a warning is logged',
  },
  requestBytes: {
    each: 4 * MIB,
    of: 'request',
    counted: 'bytes in the body of one request',
    unit: 'bytes',
    meaning: 'The body of one request over HTTP. Larger arguments and answers also need external storage.',
    beyond: 'The request is refused with 413',
  },
  requestValues: {
    each: 100_000,
    of: 'request',
    counted: 'values in the body of one request',
    meaning: 'Values in the body of one request over HTTP: each text, number, list, object and so on, at any depth.',
    beyond: 'The request is refused with 413',
  },
} as const satisfies Record<string, SingleRow>;

export type SharedLimit = keyof typeof SHARED;
export type SingleLimit = keyof typeof SINGLE;
export type LimitName = SharedLimit | SingleLimit;

/** How much of something each owner may use, and all owners of a server process together. */
export interface Shares {
  /**
   * For each owner; `false` for no limit besides `perProcess`.
   * @default see the limit, but at most a quarter of `perProcess`
   */
  readonly perOwner?: number | false | undefined;
  /** For all owners together; `false` for no limit. @default see the limit */
  readonly perProcess?: number | false | undefined;
}

/**
 * The limits on what callers can use. Each server process counts on its own, except for `runningTasks`: with N replicas,
 * callers can use N times as much. `false` removes a limit, and so does `Infinity`.
 */
export interface LimitOptions {
  /** Tasks that have not ended. @default { perOwner: 1000, perProcess: 10000 } */
  readonly runningTasks?: Shares | false | undefined;
  /** Calls of durable tools per minute; this many can arrive at once. @default { perOwner: 300, perProcess: 6000 } */
  readonly startsPerMinute?: Shares | false | undefined;
  /** Requests about tasks per second; this many can arrive at once. @default { perOwner: 250, perProcess: 1000 } */
  readonly readsPerSecond?: Shares | false | undefined;
  /** Streams that sessions open with GET (2025-11-25). @default { perOwner: 256, perProcess: 1024 } */
  readonly streams?: Shares | false | undefined;
  /** Open `subscriptions/listen` requests (2026-07-28). @default { perOwner: 64, perProcess: 512 } */
  readonly subscriptions?: Shares | false | undefined;
  /** Requests that wait for the end of a task. @default { perOwner: 500, perProcess: 2000 } */
  readonly waitingRequests?: Shares | false | undefined;
  /**
   * Bytes of the bodies of requests over HTTP whose responses have not ended.
   * @default { perOwner: 33554432, perProcess: 134217728 } (32 and 128 MiB)
   */
  readonly unansweredBytes?: Shares | false | undefined;
  /** Bytes of responses over HTTP that clients have not read yet. @default { perOwner: 67108864, perProcess: 268435456 } (64 and 256 MiB) */
  readonly unreadBytes?: Shares | false | undefined;
  /** Bytes kept about the tasks of sessions (2025-11-25). @default { perOwner: 8388608, perProcess: 33554432 } (8 and 32 MiB) */
  readonly sessionBytes?: Shares | false | undefined;
  /** Reads of one task by one owner per `pollInterval`; ten times as many can arrive at once. @default 10 */
  readonly readsPerPoll?: number | false | undefined;
  /** Tasks that one subscription follows. @default 100 */
  readonly tasksPerSubscription?: number | false | undefined;
  /** Bytes of messages on one event stream that its client has not read yet. @default 8388608 (8 MiB) */
  readonly unreadBytesPerStream?: number | false | undefined;
  /**
   * Bytes in the body of one request over HTTP. Larger arguments and answers also need external storage.
   * @default 4194304 (4 MiB)
   */
  readonly requestBytes?: number | false | undefined;
  /** Values in the body of one request over HTTP, at any depth. @default 100000 */
  readonly requestValues?: number | false | undefined;
}
