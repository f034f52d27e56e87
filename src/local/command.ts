/** Runs a command until it exits. @module */
import { spawn, type SpawnOptions } from 'node:child_process';

export interface CommandOptions extends Pick<SpawnOptions, 'cwd' | 'uid' | 'gid'> {
  /** Its environment: see `environmentFor`. */
  readonly env: NodeJS.ProcessEnv;
  /** The time after which the command is killed, in milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Called every ten seconds with the seconds elapsed. */
  readonly onProgress?: (seconds: number) => void;
}

/** How much of the output is kept, in characters. */
const KEPT = 20_000;

/**
 * Runs a command.
 * @returns what the command wrote to stdout and stderr, cut to the last 20,000 characters
 * @throws Error if it cannot be run, takes too long, or does not end with exit code 0 (with the last lines of its
 *   output); the signal's reason if that aborts
 */
export function runCommand(file: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { timeout, signal, onProgress, ...rest } = options;
  signal?.throwIfAborted();
  return new Promise((done, fail) => {
    const start = Date.now();
    const seconds = () => Math.round((Date.now() - start) / 1000);
    const limit = AbortSignal.timeout(timeout);
    const stop = signal ? AbortSignal.any([signal, limit]) : limit;
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-KEPT);
    };
    const child = spawn(file, args, { ...rest, signal: stop, windowsHide: true, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const timer = setInterval(() => onProgress?.(seconds()), 10_000);
    child.once('error', (error) => {
      clearInterval(timer);
      if (signal?.aborted) fail(signal.reason);
      else fail(limit.aborted ? new Error(`${file} took longer than ${timeout / 1000} s`) : error);
    });
    child.once('close', (code, killedBy) => {
      clearInterval(timer);
      if (code === 0) return done(output);
      const how = killedBy ? `was killed by ${killedBy}` : `exited with code ${code}`;
      fail(new Error(`${file} ${how}: ${output.trim().split('\n').slice(-5).join('\n') || 'no output'}`));
    });
  });
}
