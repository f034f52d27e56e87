/** Adopts the server that is on record, or launches one. Call both functions under the lock. @module */
import { join } from 'node:path';
import { McpTasksError } from '../task/errors.js';
import type { Launch, LocalService } from './definition.js';
import type { AssertHeld } from './mutex.js';
import { anyTaken, choosePorts, type Ports } from './ports.js';
import { isRunning, type ProcessIdentity } from './process-identity.js';
import { writeRecord, type RecordedServer, type ServiceRecord } from './record.js';
import { startServer, stopServer, untilAnswers } from './server-process.js';

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
  assertHeld,
}: LockedService<Name>): Promise<RecordedServer | undefined> {
  if (!server) return undefined;
  if (isRunning(server) && !server.stopping && service.ports.every((name) => name in ports)) {
    const ended = () => (isRunning(server) ? undefined : GONE);
    const timeout = service.startTimeout ?? START_TIMEOUT;
    const failure = await untilAnswers(() => service.probe(ports as Ports<Name>), timeout, ended);
    if (failure === undefined) return server;
    log(`${service.name}: process ${server.pid} does not work (${failure}); starting another`);
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
 *   {@link PortTakenError} if another program took one of its ports.
 */
export async function launchServer<Name extends string>(
  { service, record, log, assertHeld }: LockedService<Name>,
  launch: Launch<Name>,
): Promise<{ server: ProcessIdentity; ports: Ports<Name> }> {
  const ports = await choosePorts(service.ports, record.ports);
  const command = await launch(ports);
  assertHeld();
  const logPath = join(service.dir, 'server.log');
  const server = startServer(command, logPath, ({ pid, startedAt }) =>
    writeRecord(service.dir, { ports, server: { pid, startedAt } }),
  );
  const ended = () => server.ended() ?? (isRunning(server) ? undefined : GONE);
  const noticed = await untilAnswers(() => service.probe(ports), service.startTimeout ?? START_TIMEOUT, ended);
  // The process may be seen to have ended before its exit code arrives.
  const failure = noticed === GONE ? ((await server.whyEnded(EXIT_CODE_TIMEOUT)) ?? GONE) : noticed;
  if (failure === undefined) {
    log(`${service.name}: started (process ${server.pid}, log in ${logPath})`);
    return { server, ports };
  }
  const lastLines = server.lastLines(20);
  const portTaken = ended() !== undefined && (/address already in use/i.test(lastLines) || (await anyTaken(ports)));
  if (ended() === undefined) await stopServer(server, service);
  writeRecord(service.dir, { ports: record.ports });
  const message = `The ${service.name} did not start: ${failure}.\nThe end of its log, ${logPath}:\n${lastLines || '(empty)'}`;
  throw portTaken ? new PortTakenError('LOCAL_SERVICE', message) : new McpTasksError('LOCAL_SERVICE', message);
}
