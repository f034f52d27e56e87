/** Decides when and how a command's process ends. @module */
import { once } from 'node:events';

/** Waits for SIGINT (Ctrl-C) or SIGTERM. A second signal ends the process immediately. */
export async function stopSignal(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
}

/**
 * Ends the process once its output has been written. Otherwise a pending connection to an address that drops packets
 * would keep it alive for minutes: gRPC gives up on the call in time, but not on the socket.
 */
export function endCommand(): void {
  setImmediate(() => process.stdout.write('', () => process.stderr.write('', () => process.exit())));
}
