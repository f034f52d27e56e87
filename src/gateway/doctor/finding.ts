/** The findings that `doctor` reports. @module */
import { GRPC, grpcCode } from '../../temporal/rpc/calls.js';

export interface Finding {
  readonly level: 'ok' | 'warning' | 'error';
  /** What was found. */
  readonly text: string;
  /** What to do about it, or when it matters. */
  readonly remedy?: string;
}

/** The time limit of each call, in milliseconds. */
export const DEADLINE = 3_000;

export const ok = (text: string, remedy?: string): Finding => ({
  level: 'ok',
  text,
  ...(remedy === undefined ? {} : { remedy }),
});
export const warning = (text: string, remedy: string): Finding => ({ level: 'warning', text, remedy });
export const error = (text: string, remedy: string): Finding => ({ level: 'error', text, remedy });

/** Returns why something failed, on one line. The innermost cause says most; Temporal's own message is in `details`. */
export function reasonOf(thrown: unknown): string {
  const { details, message, code, cause } = (thrown ?? {}) as Record<'details' | 'message' | 'code' | 'cause', unknown>;
  if (cause) return reasonOf(cause);
  return String(details || message || code || thrown)
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ');
}

/** Returns whether the cluster is reachable but refuses this client. */
export function isRefusal(thrown: unknown): boolean {
  const code = grpcCode(thrown);
  return code === GRPC.PERMISSION_DENIED || code === GRPC.UNAUTHENTICATED;
}

/**
 * Waits for `work`, but no longer than {@link DEADLINE}.
 * @throws Error if it takes longer; whatever `work` throws
 */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no response within ${DEADLINE / 1_000} s`)), DEADLINE);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;
/** The smallest number of each unit that is still expressed in that unit. */
const ENOUGH = { day: 3, hour: 1, minute: 1, second: 0 } as const;

/** Formats a duration in milliseconds in words, such as "2.5 hours". */
export function spoken(milliseconds: number): string {
  const [unit, length] = UNITS.find(([name, each]) => milliseconds >= ENOUGH[name] * each) ?? UNITS[3];
  const count = Math.round((milliseconds / length) * 10) / 10;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
