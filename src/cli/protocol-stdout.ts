/** Reserves stdout for the protocol. @module */
import { Writable } from 'node:stream';

/**
 * Returns a stream to stdout. Redirects all other writes to stdout, such as a `console.log` in a tool, to stderr. Call
 * it before loading the author's code.
 * @param lost called when stdout no longer has a reader
 */
export function claimStdout(lost: () => void): Writable {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  // A client that has exited has closed both pipes. Without listeners, the next write would crash this process.
  stdout.on('error', lost);
  stderr.on('error', lost);
  return new Writable({
    decodeStrings: false,
    write: (chunk: string | Uint8Array, encoding, done) => void write(chunk, encoding, done),
  });
}
