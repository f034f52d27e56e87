/** Finds free ports on the loopback interface. @module */
import { randomInt } from 'node:crypto';
import { createServer, connect, type Server } from 'node:net';
import { once } from 'node:events';

export const LOOPBACK = '127.0.0.1';

export type Ports<Name extends string = string> = Readonly<Record<Name, number>>;

/**
 * The range that ports are chosen from. It lies below the ephemeral ports, which systems assign to outgoing connections
 * and to programs that listen on any port. A dev server asks for several of those at its start, and on Linux only about
 * 7,000 are available for that. If its own port were one of them, it would sometimes take that port away from itself,
 * or another program would take a stopped server's port before the restart.
 */
const FIRST = 20_000;
const LAST = 32_767;

/**
 * Chooses a free port for each name: the preferred one if nothing listens on it, otherwise any.
 * The ports are not reserved, so another process may take one before the server does.
 */
export async function choosePorts<Name extends string>(
  names: readonly Name[],
  preferred: Readonly<Record<string, number>>,
): Promise<Ports<Name>> {
  const listeners: Server[] = [];
  const ports: Partial<Record<Name, number>> = {};
  try {
    // Hold each port until all are chosen, so that they differ.
    for (const name of names) {
      const wanted = preferred[name];
      const listener = (wanted !== undefined && (await listen(wanted))) || (await listenAnywhere());
      listeners.push(listener);
      ports[name] = portOf(listener);
    }
  } finally {
    await Promise.all(listeners.map((listener) => new Promise((done) => void listener.close(done))));
  }
  return ports as Ports<Name>;
}

/**
 * Connects to a port and hangs up.
 * @param timeout in milliseconds
 * @throws Error if the connection fails or takes longer than `timeout`
 */
export async function knock(port: number, timeout = 1_000): Promise<void> {
  const socket = connect({ host: LOOPBACK, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeout) });
  } finally {
    socket.destroy();
  }
}

/** Returns whether anything listens on one of these ports. */
export async function anyTaken(ports: Ports): Promise<boolean> {
  const results = await Promise.allSettled(Object.values(ports).map((port) => knock(port)));
  return results.some(({ status }) => status === 'fulfilled');
}

async function listenAnywhere(): Promise<Server> {
  for (let tries = 0; tries < 50; tries++) {
    const listener = await listen(randomInt(FIRST, LAST + 1));
    if (listener) return listener;
  }
  const listener = await listen(0);
  if (!listener) throw new Error('No free port on the loopback interface');
  return listener;
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  server.listen({ host: LOOPBACK, port });
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server is not listening on a port');
  return address.port;
}
