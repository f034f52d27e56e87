/** The end of a command's process. @module */

/**
 * Ends the process once its output has been written. Otherwise a pending connection to an address that drops packets
 * would keep it alive for minutes: gRPC gives up on the call in time, but not on the socket.
 */
export function endCommand(): void {
  setImmediate(() => process.stdout.write('', () => process.stderr.write('', () => process.exit())));
}
