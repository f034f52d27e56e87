/**
 * A server shared by all processes that use the same directory. The first user starts it, later ones join it, and the
 * last one stops it. It survives if any of them is killed; the next user then takes it over.
 * @module
 */
import { resolve } from 'node:path';
import type { Launch, LocalService } from './definition.js';
import { addLeaseFile, removeLeaseFile, sweepLeaseFiles } from './lease-files.js';
import { adoptServer, launchServer, PortTakenError } from './lifecycle.js';
import { MutexLostError, withMutex, type AssertHeld } from './mutex.js';
import type { Ports } from './ports.js';
import { privateFolder } from './private-files.js';
import { readRecord, type ServiceRecord } from './record.js';
import { ServiceLease, type LocalServiceLease } from './service-lease.js';

export interface AcquireOptions {
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** How long to wait for other processes that are starting or stopping the same server, in milliseconds. */
const LOCK_TIMEOUT = 180_000;
/** The maximum number of attempts if another program takes the chosen port first or the lock is lost. */
const ATTEMPTS = 3;

/**
 * Joins the directory's server, or starts it.
 * @throws McpTasksError `LOCAL_SERVICE` if it does not start, with the end of the server's log in the message, or if
 *   the lock is not free within 180 s; the signal's reason if it aborts
 */
export async function acquireLocalService<Name extends string>(
  service: LocalService<Name>,
  options: AcquireOptions,
): Promise<LocalServiceLease<Name>> {
  const acquisition = new Acquisition({ ...service, dir: resolve(service.dir) }, options);
  const lease = await acquisition.run();
  if (!options.signal?.aborted) return lease;
  await lease.release();
  throw options.signal.reason;
}

/** One user's attempt to join or start a server. */
class Acquisition<Name extends string> {
  #launch: Launch<Name> | undefined;

  constructor(
    private readonly service: LocalService<Name>,
    private readonly options: AcquireOptions,
  ) {}

  async run(): Promise<ServiceLease<Name>> {
    const { service, options } = this;
    privateFolder(service.dir, { passable: service.passable, log: options.log });
    for (let failures = 0; ;) {
      try {
        const lease = await withMutex(service.dir, this.#waiting(), (assertHeld) => this.#joinOrStart(assertHeld));
        if (lease) return lease;
        this.#launch = await service.prepare();
      } catch (error) {
        failures += 1;
        const lostRace = error instanceof MutexLostError || error instanceof PortTakenError;
        if (!lostRace || failures >= ATTEMPTS) throw error;
        const what = error instanceof PortTakenError ? 'another program took its port' : error.message;
        options.log(`${service.name}: ${what}; trying again`);
      }
    }
  }

  #waiting() {
    const { service, options } = this;
    return {
      timeout: LOCK_TIMEOUT,
      signal: options.signal,
      onWait: (seconds: number) =>
        options.log(`${service.name}: waiting for another process to start or stop it (${seconds} s so far)`),
    };
  }

  /**
   * Joins the server, or starts it if it is prepared.
   * @returns `undefined` if no server runs and {@link LocalService.prepare} has not run yet
   */
  async #joinOrStart(assertHeld: AssertHeld): Promise<ServiceLease<Name> | undefined> {
    const { service } = this;
    sweepLeaseFiles(service.dir);
    const record = this.#read();
    const { log, signal } = this.options;
    const locked = { service, record, log, signal, assertHeld };
    const server = await adoptServer(locked);
    if (!server && !this.#launch) return undefined;
    const path = addLeaseFile(service.dir, log);
    try {
      if (server) return new ServiceLease(service, path, { server, ports: record.ports as Ports<Name>, joined: true });
      const launched = await launchServer(locked, this.#launch as Launch<Name>);
      return new ServiceLease(service, path, { ...launched, joined: false });
    } catch (error) {
      removeLeaseFile(path);
      throw error;
    }
  }

  #read(): ServiceRecord {
    const { service, options } = this;
    const record = readRecord(service.dir);
    if (record === 'unreadable')
      options.log(`${service.name}: the record in ${service.dir} is unreadable; starting a new server`);
    return typeof record === 'string' ? { ports: {} } : record;
  }
}
