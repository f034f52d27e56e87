/** The other side of `rig/child.ts`: answers the process that started this one, and ends with it. @module */
import type { MemoryUse } from '../rig/child.js';

/** What a process does when asked, by name. */
export type Answers<Given> = {
  /** Called once, at first. Its result says that the process is ready. */
  readonly start: (given: Given) => Promise<unknown>;
  /** Called before the process ends. */
  readonly stop?: () => Promise<void>;
} & Readonly<Record<string, (given: never) => Promise<unknown>>>;

export function serveParent<Given>(answers: Answers<Given>): void {
  const all: Record<string, ((given: never) => Promise<unknown>) | undefined> = { memory, processor, ...answers };
  process.on('message', ({ id, what, given }: { id: number; what: string; given: never }) => {
    const answer = async (): Promise<unknown> => {
      const act = all[what];
      if (!act) throw new Error(`this process does not know "${what}"`);
      return await act(given);
    };
    answer().then(
      (value) => send({ id, value }),
      (error: unknown) => send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  // Ctrl-C reaches every process of the terminal. The parent ends first, and then disconnects.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.once('disconnect', () => {
    const end = (): never => process.exit();
    (answers.stop?.() ?? Promise.resolve()).then(end, end);
  });
}

function send(message: object): void {
  if (process.connected) process.send?.(message);
}

async function memory(): Promise<MemoryUse> {
  globalThis.gc?.();
  const peak = process.resourceUsage().maxRSS * 1024;
  return await Promise.resolve({ now: process.memoryUsage.rss(), peak });
}

/** @returns the processor time that this process has used, in milliseconds */
async function processor(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return await Promise.resolve((user + system) / 1_000);
}
