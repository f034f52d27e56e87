/** Runs programs that don't end with the benchmark by themselves, such as Redis, and kills them when it ends. @module */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { serveParent } from './parent.js';

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  /** @default the benchmark's own */
  readonly cwd?: string;
  /** Added to the benchmark's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

const children = new Set<ChildProcess>();

serveParent({
  start: async () => await Promise.resolve({}),
  /** Starts a program. */
  run: async (program: Program) => {
    const child = spawned(program);
    child.stdout?.resume();
    await once(child, 'spawn');
    return {};
  },
  /** Starts a program, and answers with its first line. */
  firstLine: async (program: Program) => {
    const lines = createInterface({ input: spawned(program).stdout as NodeJS.ReadableStream });
    const [line] = (await once(lines, 'line')) as [string];
    return { line };
  },
  /** Kills all programs. */
  end: async () => {
    await killAll();
    return {};
  },
  stop: killAll,
});

function spawned({ file, args, cwd, env }: Program): ChildProcess {
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  children.add(child);
  return child;
}

async function killAll(): Promise<void> {
  for (const child of children) {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}
