/** What a server logs about a cluster that does not answer when it starts. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, inject, it, vi } from 'vitest';
import { DurableTasks, type Logger } from '../../src/index.js';
import { key, silent } from '../helpers/stack.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function listening(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.close();
    await Promise.resolve();
  });
  return (server.address() as AddressInfo).port;
}

/** A server, and what it logs as `level: message`. */
async function serverAt(address: string): Promise<string[]> {
  const lines: string[] = [];
  const log = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
  const logger: Logger = { ...silent, info: log('info'), warn: log('warn') };
  const tasks = await DurableTasks.connect({ tools: [], key, temporal: { address }, logger });
  closers.push(async () => await tasks.close());
  return lines;
}

it('warns that nothing listens at the address, and says so once Temporal answers', async () => {
  const free = createServer();
  const port = await listening(free);
  free.close();
  await once(free, 'close');
  const address = `127.0.0.1:${port}`;
  const lines = await serverAt(address);
  await vi.waitFor(() => expect(lines).toHaveLength(1), { timeout: 10_000 });
  expect(lines[0]).toMatch(
    `warn: Temporal at ${address} does not answer. This server keeps trying until it is stopped; until Temporal answers, calls fail`,
  );
  expect(lines[0]).toContain('TEMPORAL_ADDRESS');
  const [host = '', temporal = ''] = inject('temporalAddress').split(':');
  await listening(
    createServer((socket) => {
      const through = connect(Number(temporal), host);
      socket.pipe(through).pipe(socket);
      for (const end of [socket, through]) end.on('error', () => end.destroy());
    }),
    port,
  );
  await vi.waitFor(() => expect(lines).toContain(`info: Temporal at ${address} answers now`), { timeout: 20_000 });
  expect(lines).toHaveLength(2);
});

it('warns about an address that accepts connections and never answers', async () => {
  const port = await listening(createServer((socket) => void socket.on('error', () => socket.destroy())));
  const lines = await serverAt(`127.0.0.1:${port}`);
  await vi.waitFor(() => expect(lines[0]).toContain('does not answer'), { timeout: 20_000 });
});
