/** Stdout for the protocol alone. @module */
import { Writable } from 'node:stream';

/**
 * Returns a stream to stdout, and sends whatever else writes to stdout to stderr instead, such as a `console.log` in a
 * tool. Call it before loading the author's code.
 * @param lost called when nobody reads stdout any more
 */
export function claimStdout(lost: () => void): Writable {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  // A client that is gone has closed both pipes. Without listeners, the next write to them would be a crash.
  stdout.on('error', lost);
  stderr.on('error', lost);
  return new Writable({
    decodeStrings: false,
    write: (chunk: string | Uint8Array, encoding, done) => void write(chunk, encoding, done),
  });
}
