/** Makes sure that no earlier attempt of a task still runs its program. @module */
import { setTimeout as sleep } from 'node:timers/promises';
import { send, stopServer } from '../local/server-process.js';
import { endProgram } from './end-program.js';
import type { AttemptRecord } from './folder.js';
import { thisHost } from './host.js';
import type { Stop } from './supervisor-messages.js';

/** How much longer to wait than the lease of another host lasts, in milliseconds. */
const MARGIN = 3_000;

/** What is known about the attempts before this one. */
export interface Before {
  /** The number of the attempt before this one. @default unknown: there may have been any */
  readonly attempt?: number;
  /** What is recorded on this host. */
  readonly local: AttemptRecord | undefined;
  /** What the attempts before reported to Temporal. It may be older than what they did last. */
  readonly reported: AttemptRecord | undefined;
  /** The mark of the task's processes on this host. */
  readonly mark: string;
  /** How long a program can survive its worker, in milliseconds, if none of the records says. */
  readonly outlives: number;
}

/**
 * Ends what earlier attempts have left on this host, then waits until one on another host has certainly ended.
 *
 * A supervisor lets its program run only as long as Temporal confirmed the attempt, plus the lease. Temporal confirms none
 * but the latest. So whatever ran elsewhere has ended once the lease has passed from now, whatever the clocks say.
 * @param waiting called before a wait, with its length in milliseconds
 * @throws the signal's reason
 */
export async function endPredecessor(
  { attempt, local, reported, mark, outlives }: Before,
  stop: Stop,
  waiting: (length: number) => void,
  signal: AbortSignal,
): Promise<void> {
  if (local?.host === thisHost() && local.endedAt === undefined && local.supervisor)
    await endSupervisor(local.supervisor, stop);
  await endProgram({ leader: local?.host === thisHost() ? local.program : undefined, mark }, stop);
  const isLatest = (record: AttemptRecord | undefined): record is AttemptRecord =>
    record !== undefined && attempt !== undefined && record.attempt === attempt;
  // On this host, nothing of it is left now.
  if (isLatest(local) && local.host === thisHost()) return;
  if (isLatest(reported) && (reported.endedAt !== undefined || reported.host === thisHost())) return;
  const length = Math.max(outlives, reported?.outlives ?? 0, local?.outlives ?? 0) + MARGIN;
  waiting(length);
  await sleep(length, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** A supervisor that is asked to stop ends its program first, and still writes its last lines. */
async function endSupervisor(supervisor: NonNullable<AttemptRecord['supervisor']>, stop: Stop): Promise<void> {
  // One that is paused acts on the signal only when it goes on.
  send(supervisor, 'SIGCONT');
  await stopServer(supervisor, { stopSignal: 'SIGTERM', stopTimeout: stop.grace + 2_000 });
}
