/** The end of a command that only asks something. @module */

/**
 * Ends the process once everything has been said. A connection that does not come about, to an address that drops packets,
 * would keep it for minutes: gRPC gives up the call in time, but not the socket.
 */
export function endCommand(): void {
  setImmediate(() => process.stdout.write('', () => process.stderr.write('', () => process.exit())));
}
