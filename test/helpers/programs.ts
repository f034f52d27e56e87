/** The program that the tests of command tools run, and what it has done. @module */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandLine } from '../../src/command/spec.js';

const PROGRAM = fileURLToPath(new URL('../fixtures/program.mjs', import.meta.url));

/** Something that a program has noted. */
export interface ProgramEvent {
  readonly event: string;
  readonly pid: number;
  readonly at: number;
  readonly argv: readonly string[];
}

/** A folder in which programs run. */
export interface ProgramPlace {
  readonly cwd: string;
  /** The options of a command tool that runs here. */
  readonly options: { readonly cwd: string; readonly dir: string; readonly env: Readonly<Record<string, string>> };
  /** Returns what programs have noted so far, in order. */
  events(): ProgramEvent[];
  /** Returns the argument lists of all starts, in order. */
  starts(): (readonly string[])[];
  /** Whether any process that has noted something is running. */
  isAnyRunning(): boolean;
  close(): Promise<void>;
}

export async function programPlace(): Promise<ProgramPlace> {
  const cwd = await mkdtemp(join(tmpdir(), 'mcp-tasks-command-'));
  const file = join(cwd, 'events.jsonl');
  const events = (): ProgramEvent[] => {
    try {
      return readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as ProgramEvent);
    } catch {
      return [];
    }
  };
  const isAnyRunning = (): boolean =>
    [...new Set(events().map(({ pid }) => pid))].some((pid) => {
      try {
        // A zombie still has an ID, but its parent has only not reaped it.
        return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      } catch {
        return false;
      }
    });
  return {
    cwd,
    options: { cwd, dir: join(cwd, 'tasks'), env: { EVENTS: file } },
    events,
    starts: () => events().flatMap(({ event, argv }) => (event === 'start' ? [argv] : [])),
    isAnyRunning,
    async close() {
      // Whatever a failed test has left.
      for (const { pid } of events())
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It has ended.
        }
      await rm(cwd, { recursive: true, force: true });
    },
  };
}

/** Returns the command line that runs the program. */
export function program(...args: string[]): CommandLine {
  return [process.execPath, PROGRAM, ...args];
}

/** Returns how many processes were at work at once, at most, judged by when each noted its first and last event. */
export function mostAtOnce(events: readonly ProgramEvent[]): number {
  const spans = new Map<number, { first: number; last: number }>();
  for (const { pid, at } of events) {
    const { first } = spans.get(pid) ?? { first: at };
    spans.set(pid, { first, last: at });
  }
  const all = [...spans.values()];
  return Math.max(
    0,
    ...all.map(({ first }) => all.filter((other) => other.first <= first && first <= other.last).length),
  );
}
