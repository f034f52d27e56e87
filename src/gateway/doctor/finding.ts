/** What `doctor` has to say. @module */
import { GRPC, grpcCode } from '../../temporal/rpc/calls.js';

export interface Finding {
  readonly level: 'ok' | 'warning' | 'error';
  /** What is so. */
  readonly text: string;
  /** What to do about it, or where it matters. */
  readonly remedy?: string;
}

/** For each call, in milliseconds. */
export const DEADLINE = 3_000;

export const ok = (text: string, remedy?: string): Finding => ({
  level: 'ok',
  text,
  ...(remedy === undefined ? {} : { remedy }),
});
export const warning = (text: string, remedy: string): Finding => ({ level: 'warning', text, remedy });
export const error = (text: string, remedy: string): Finding => ({ level: 'error', text, remedy });

/** Why something failed, on one line: what lies beneath an error says most, and Temporal's own words are its details. */
export function reasonOf(thrown: unknown): string {
  const { details, message, code, cause } = (thrown ?? {}) as Record<'details' | 'message' | 'code' | 'cause', unknown>;
  if (cause) return reasonOf(cause);
  return String(details || message || code || thrown)
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ');
}

/** Whether the cluster is there, but not for this client. */
export function isRefusal(thrown: unknown): boolean {
  const code = grpcCode(thrown);
  return code === GRPC.PERMISSION_DENIED || code === GRPC.UNAUTHENTICATED;
}

/** @throws Error if it takes longer than a call may */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${DEADLINE / 1_000} s`)), DEADLINE);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;
/** So many of a unit or more are told in it. */
const ENOUGH = { day: 3, hour: 1, minute: 1, second: 0 } as const;

/** A time in milliseconds, in words. */
export function spoken(milliseconds: number): string {
  const [unit, length] = UNITS.find(([name, each]) => milliseconds >= ENOUGH[name] * each) ?? UNITS[3];
  const count = Math.round((milliseconds / length) * 10) / 10;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
