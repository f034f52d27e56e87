/** Identifies the system whose process IDs a worker sees. @module */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

let known: string | undefined;

/**
 * Returns a name that two workers share only if they see the same processes: the host's name and, on Linux, its boot and
 * PID namespace. Containers on one host differ, and so does a host after a restart.
 */
export function thisHost(): string {
  known ??= [hostname(), read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()), pidNamespace()]
    .filter((part) => part !== undefined)
    .join('/');
  return known;
}

function pidNamespace(): string | undefined {
  return read(() => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0]);
}

function read(part: () => string | undefined): string | undefined {
  try {
    return part();
  } catch {
    return undefined;
  }
}
