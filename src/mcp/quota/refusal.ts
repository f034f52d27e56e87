/** What a caller reads when it has reached a limit. Pure. @module */
import { number } from '../../limits/limits.js';
import { amount } from '../../limits/markdown.js';
import { LimitExceeded } from '../../protocol/errors.js';
import type { Owner } from '../../protocol/request.js';
import type { Exceeded } from './shares.js';
import { SHARED, SINGLE, type LimitName, type SharedRow, type SingleRow } from './table.js';

export interface Reached extends Omit<Exceeded, 'scope'> {
  readonly limit: LimitName;
  /** What has the limit: each owner, this server process, or each task. */
  readonly scope: Exceeded['scope'] | 'task';
  /** Whose request is refused. */
  readonly owner: Owner;
  /** When to try again, in milliseconds. */
  readonly retryAfterMs: number;
}

/** What makes room, if waiting alone may not. */
const RELIEF: Partial<Record<LimitName, string>> = {
  runningTasks: ' A task that ends or is cancelled makes room for another.',
  unansweredBytes: ' Wait for the pending answers, or cancel their requests.',
  unreadBytes: ' Read the pending responses first.',
};

/** Returns the error. It says what happened, that nothing changed, and when to try again. */
export function limitExceeded({ limit, allowed, scope, owner, retryAfterMs }: Reached): LimitExceeded {
  const row: SharedRow | SingleRow = { ...SHARED, ...SINGLE }[limit];
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  const wait = seconds === 1 ? '1 second' : `${number(seconds)} seconds`;
  return new LimitExceeded(
    `Too many ${row.counted}: the limit is ${amount(allowed, row.unit)} ${whose(scope, owner)}. This request changed nothing.${RELIEF[limit] ?? ''} Wait ${wait}, then send it again.`,
    { retryAfterMs, limit, allowed },
  );
}

/** Returns who shares the limit. Only the owner that callers without a token share may not list its tasks. */
function whose(scope: Reached['scope'], { mayList }: Owner): string {
  if (scope === 'process') return 'for all callers of this server process';
  return mayList ? 'for each caller' : 'for all callers without an access token';
}
