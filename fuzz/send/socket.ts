/** Sends bytes on a connection of their own. @module */
import { connect } from 'node:net';
import type { Bytes } from '../cases/cases.js';

/** How long a silent connection stays open, in milliseconds. */
const SILENCE = 1_000;
/** The longest answer to accept, in characters: the answer to input that is not HTTP is short. */
const LARGEST = 100_000;

/** Returns what the server sent, until it or the client closed the connection. */
export async function sendBytes(port: number, { text, afterwards }: Bytes): Promise<string> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let given = '';
    const done = (): void => {
      clearTimeout(silence);
      socket.destroy();
      resolve(given);
    };
    const silence = setTimeout(done, SILENCE);
    socket.on('data', (chunk) => {
      given += chunk.toString('latin1');
      if (given.length > LARGEST) done();
    });
    socket.on('error', done).on('close', done);
    socket.on('connect', () => {
      socket.write(Buffer.from(text, 'latin1'), () => {
        if (afterwards === 'end') socket.end();
        else if (afterwards === 'reset') socket.resetAndDestroy();
      });
    });
  });
}
