/**
 * A server that all processes using one directory share: the first user starts it, later ones join it, the last one
 * stops it. It survives the kill of any of them; the next user then takes it up.
 * @module
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { McpTasksError } from '../task/errors.js';
import { addLease, removeLease, sweepLeases } from './leases.js';
import { Lease, type LocalServiceLease } from './lease.js';
import { MutexLostError, withMutex, type AssertHeld } from './mutex.js';
import { anyTaken, choosePorts, type Ports } from './ports.js';
import { isRunning } from './process-identity.js';
import { readRecord, writeRecord, type RecordedServer, type ServiceRecord } from './record.js';
import { startServer, stopServer, untilAnswers, type ServerCommand } from './server-process.js';

/** Makes the command that starts the server; called under the lock, so it may also prepare the server's files. */
export type Launch<Name extends string> = (ports: Ports<Name>) => Promise<ServerCommand>;

export interface LocalService<Name extends string = string> {
  /** What messages call it, such as "Temporal dev server". */
  readonly name: string;
  /** Its directory: record, leases, lock and log. */
  readonly dir: string;
  readonly ports: readonly Name[];
  /** Gets what the start needs; called without the lock and only if no server runs, so it may take long. */
  readonly prepare: () => Promise<Launch<Name>>;
  /** Fails unless the server answers; must come to an end within a few seconds. */
  readonly probe: (ports: Ports<Name>) => Promise<void>;
  /** Asks it to stop without losing anything. */
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take until it answers, in milliseconds. @default 60000 */
  readonly startTimeout?: number;
  /** How long it may take to stop before it is killed, in milliseconds. @default 15000 */
  readonly stopTimeout?: number;
}

export interface AcquireOptions {
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** How long to wait for other processes that start or stop the same server, in milliseconds. */
const LOCK_TIMEOUT = 180_000;
/** How often a start is tried when somebody else took the chosen port first, or the lock was lost. */
const ATTEMPTS = 3;

/**
 * Joins the directory's server, or starts it.
 * @throws McpTasksError `LOCAL_SERVICE` if it does not start; the message ends with what the server last said
 */
export async function acquireLocalService<Name extends string>(
  service: LocalService<Name>,
  options: AcquireOptions,
): Promise<LocalServiceLease<Name>> {
  const user = new User({ ...service, dir: resolve(service.dir) }, options);
  const lease = await user.acquire();
  if (!options.signal?.aborted) return lease;
  await lease.release();
  throw options.signal.reason;
}

class User<Name extends string> {
  #launch: Launch<Name> | undefined;

  constructor(
    private readonly service: LocalService<Name>,
    private readonly options: AcquireOptions,
  ) {}

  async acquire(): Promise<Lease<Name>> {
    const { service, options } = this;
    mkdirSync(service.dir, { recursive: true });
    for (let failures = 0; ; ) {
      try {
        const lease = await withMutex(service.dir, this.#waiting(), (assertHeld) => this.#joinOrStart(assertHeld));
        if (lease) return lease;
        this.#launch = await service.prepare();
      } catch (error) {
        failures += 1;
        const lostRace = error instanceof MutexLostError || error instanceof PortTakenError;
        if (!lostRace || failures >= ATTEMPTS) throw error;
        const what = error instanceof PortTakenError ? 'another program took its port first' : error.message;
        options.log(`${service.name}: ${what}, trying again`);
      }
    }
  }

  #waiting() {
    const { service, options } = this;
    return {
      timeout: LOCK_TIMEOUT,
      signal: options.signal,
      onWait: (seconds: number) =>
        options.log(`${service.name}: another process is starting or stopping it (waiting for ${seconds} s)`),
    };
  }

  /** @returns undefined if no server runs and what a start needs was not got yet */
  async #joinOrStart(assertHeld: AssertHeld): Promise<Lease<Name> | undefined> {
    const { service } = this;
    sweepLeases(service.dir);
    const record = this.#read();
    const server = await this.#takeUp(record, assertHeld);
    if (!server && !this.#launch) return undefined;
    const lease = addLease(service.dir);
    try {
      if (server) return new Lease(service, lease, server, record.ports as Ports<Name>, true);
      const started = await this.#start(record, this.#launch as Launch<Name>, assertHeld);
      return new Lease(service, lease, started.server, started.ports, false);
    } catch (error) {
      removeLease(lease);
      throw error;
    }
  }

  #read(): ServiceRecord {
    const { service, options } = this;
    const record = readRecord(service.dir);
    if (record === 'unreadable') options.log(`${service.name}: the record in ${service.dir} is unreadable, starting anew`);
    return typeof record === 'string' ? { ports: {} } : record;
  }

  /** The recorded server if it is there and answers; otherwise there is none any more when this returns. */
  async #takeUp(record: ServiceRecord, assertHeld: AssertHeld): Promise<RecordedServer | undefined> {
    const { service, options } = this;
    const { server, ports } = record;
    if (!server) return undefined;
    if (isRunning(server) && !server.stopping && service.ports.every((name) => name in ports)) {
      const ended = () => (isRunning(server) ? undefined : 'it has ended');
      const failure = await untilAnswers(() => service.probe(ports as Ports<Name>), this.#startTimeout, ended);
      if (failure === undefined) return server;
      options.log(`${service.name}: process ${server.pid} is of no use (${failure}), starting another`);
    }
    assertHeld();
    // Without a start time the ID may by now be another program's, which is not ours to stop.
    if (server.startedAt !== undefined) await stopServer(server, service.stopSignal, this.#stopTimeout);
    writeRecord(service.dir, { ports });
    return undefined;
  }

  async #start(record: ServiceRecord, launch: Launch<Name>, assertHeld: AssertHeld) {
    const { service, options } = this;
    const ports = await choosePorts(service.ports, record.ports);
    const command = await launch(ports);
    assertHeld();
    const logPath = join(service.dir, 'server.log');
    const server = startServer(command, logPath, ({ pid, startedAt }) =>
      writeRecord(service.dir, { ports, server: { pid, startedAt } }),
    );
    const ended = () => server.ended() ?? (isRunning(server) ? undefined : 'it has ended');
    const failure = await untilAnswers(() => service.probe(ports), this.#startTimeout, ended);
    if (failure === undefined) {
      options.log(`${service.name}: started (process ${server.pid}, log in ${logPath})`);
      return { server, ports };
    }
    const lastLines = server.lastLines(20);
    const portTaken = ended() !== undefined && (/address already in use/i.test(lastLines) || (await anyTaken(ports)));
    if (ended() === undefined) await stopServer(server, service.stopSignal, this.#stopTimeout);
    writeRecord(service.dir, { ports: record.ports });
    const message =
      `The ${service.name} did not start: ${failure}.\n` +
      `The end of its log, ${logPath}:\n${lastLines || '(it wrote nothing)'}`;
    throw portTaken ? new PortTakenError('LOCAL_SERVICE', message) : new McpTasksError('LOCAL_SERVICE', message);
  }

  get #startTimeout(): number {
    return this.service.startTimeout ?? 60_000;
  }

  get #stopTimeout(): number {
    return this.service.stopTimeout ?? 15_000;
  }
}

/** Somebody else took a port between its choice and the server's start. */
class PortTakenError extends McpTasksError {}
