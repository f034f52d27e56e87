/** Ports of programs that cannot choose one themselves. @module */
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a program may take until it listens, in milliseconds. */
const PATIENCE = 60_000;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Waits until something accepts connections. @throws Error if nothing does in time */
export async function listening(port: number): Promise<void> {
  for (const deadline = Date.now() + PATIENCE; ; await delay(50)) {
    const open = await new Promise<boolean>((done) => {
      const socket = connect(port, '127.0.0.1', () => done(true));
      socket.once('error', () => done(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    if (Date.now() > deadline)
      throw new Error(`a program of the benchmark does not listen after ${PATIENCE / 1_000} s`);
  }
}
