/** What `doctor` has to say. @module */

export interface Finding {
  readonly level: 'ok' | 'warning' | 'error';
  /** What is so. */
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** For each call, in milliseconds. */
export const DEADLINE = 3_000;

export const ok = (text: string): Finding => ({ level: 'ok', text });
export const warning = (text: string, remedy: string): Finding => ({ level: 'warning', text, remedy });
export const error = (text: string, remedy: string): Finding => ({ level: 'error', text, remedy });

/** Why a call failed, in the server's words. */
export function reasonOf(thrown: unknown): string {
  const { details, message } = thrown as { details?: unknown; message?: unknown };
  return String(details || message);
}
