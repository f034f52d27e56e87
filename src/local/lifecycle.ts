/** Adopts the server that is on record, or launches one. Call both functions under the lock. @module */
import { join } from 'node:path';
import { McpTasksError } from '../task/errors.js';
import type { Launch, LocalService } from './definition.js';
import type { AssertHeld } from './mutex.js';
import { anyTaken, choosePorts, type Ports } from './ports.js';
import { isRunning, type ProcessIdentity } from './process-identity.js';
import { writeRecord, type RecordedServer, type ServiceRecord } from './record.js';
import { send, startServer, stopServer, untilAnswers, type StartedServer } from './server-process.js';

const START_TIMEOUT = 60_000;
/** How long to wait for the exit code of a process that has ended, in milliseconds. */
const EXIT_CODE_TIMEOUT = 1_000;
const GONE = 'it exited';

/** Another program took a port after it was chosen and before the server listened on it. */
export class PortTakenError extends McpTasksError {}

/** A service whose lock this process holds, with what the record says of it. */
export interface LockedService<Name extends string> {
  readonly service: LocalService<Name>;
  readonly record: ServiceRecord;
  readonly log: (line: string) => void;
  /** Aborts the wait for the server's first answer. A launched server is then stopped. */
  readonly signal?: AbortSignal | undefined;
  readonly assertHeld: AssertHeld;
}

/**
 * Returns the recorded server if it runs and answers. Otherwise stops it, if it is certain to be ours, and removes it
 * from the record.
 */
export async function adoptServer<Name extends string>({
  service,
  record: { server, ports },
  log,
  signal,
  assertHeld,
}: LockedService<Name>): Promise<RecordedServer | undefined> {
  if (!server) return undefined;
  if (isRunning(server) && !server.stopping && service.ports.every((name) => name in ports)) {
    const ended = () => (isRunning(server) ? undefined : GONE);
    const timeout = service.startTimeout ?? START_TIMEOUT;
    const failure = await untilAnswers(() => service.probe(ports as Ports<Name>), timeout, ended, signal);
    if (failure === undefined) return server;
    log(`${service.name}: process ${server.pid} does not respond (${failure}); starting another`);
  }
  assertHeld();
  // Without a start time, the ID may now belong to another program, which we must not stop.
  if (server.startedAt !== undefined) await stopServer(server, service);
  writeRecord(service.dir, { ports });
  return undefined;
}

/**
 * Starts a server, records it and waits until it answers.
 * @throws McpTasksError `LOCAL_SERVICE` with the end of the server's log, if it does not answer; it is stopped then.
 *   {@link PortTakenError} if another program took one of its ports; the signal's reason, with the server stopped.
 */
export async function launchServer<Name extends string>(
  locked: LockedService<Name>,
  launch: Launch<Name>,
): Promise<{ server: ProcessIdentity; ports: Ports<Name> }> {
  const { service, record, signal, assertHeld } = locked;
  const ports = await choosePorts(service.ports, record.ports);
  const command = await launch(ports);
  signal?.throwIfAborted();
  assertHeld();
  const server = startServer(command, logPath(service), ({ pid, startedAt }) =>
    writeRecord(service.dir, { ports, server: { pid, startedAt } }),
  );
  const forget = stopAtExit(service, ports, server);
  try {
    await answered(locked, server, ports);
    return { server, ports };
  } catch (error) {
    if (server.ended() === undefined && isRunning(server)) await stopServer(server, service);
    writeRecord(service.dir, { ports: signal?.aborted ? ports : record.ports });
    throw error;
  } finally {
    forget();
  }
}

const logPath = ({ dir }: Pick<LocalService, 'dir'>): string => join(dir, 'server.log');

async function answered<Name extends string>(
  { service, log, signal }: LockedService<Name>,
  server: StartedServer,
  ports: Ports<Name>,
): Promise<void> {
  const ended = () => server.ended() ?? (isRunning(server) ? undefined : GONE);
  const timeout = service.startTimeout ?? START_TIMEOUT;
  const noticed = await untilAnswers(() => service.probe(ports), timeout, ended, signal);
  // The process may be seen to have ended before its exit code arrives.
  const failure = noticed === GONE ? ((await server.whyEnded(EXIT_CODE_TIMEOUT)) ?? GONE) : noticed;
  if (failure === undefined) return log(`${service.name}: started (process ${server.pid}, log in ${logPath(service)})`);
  const lastLines = server.lastLines(20);
  const portTaken = ended() !== undefined && (/address already in use/i.test(lastLines) || (await anyTaken(ports)));
  const message = `The ${service.name} did not start: ${failure}.\nThe end of its log, ${logPath(service)}:\n${lastLines || '(empty)'}`;
  throw portTaken ? new PortTakenError('LOCAL_SERVICE', message) : new McpTasksError('LOCAL_SERVICE', message);
}

/**
 * Stops a server that does not answer yet when this process exits, because no lease holds it. The record tells the next
 * user that it is ending.
 * @returns a function that cancels this
 */
function stopAtExit<Name extends string>(
  { dir, stopSignal }: LocalService<Name>,
  ports: Ports<Name>,
  server: ProcessIdentity,
): () => void {
  const stop = (): void => {
    if (!isRunning(server)) return;
    send(server, stopSignal);
    // This process holds the lock until it exits.
    writeRecord(dir, { ports, server: { pid: server.pid, startedAt: server.startedAt, stopping: true } });
  };
  process.once('exit', stop);
  return () => void process.off('exit', stop);
}
