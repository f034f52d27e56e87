/** One user's hold on a shared server. @module */
import { existsSync } from 'node:fs';
import type { LocalService } from './definition.js';
import { removeLeaseFile, sweepLeaseFiles } from './lease-files.js';
import { MutexLostError, tryMutexSync, withMutex } from './mutex.js';
import type { Ports } from './ports.js';
import type { ProcessIdentity } from './process-identity.js';
import { readRecord, writeRecord, type RecordedServer, type ServiceRecord } from './record.js';
import { send, stopServer } from './server-process.js';

export interface LocalServiceLease<Name extends string = string> {
  readonly pid: number;
  readonly ports: Ports<Name>;
  /** Whether the server was already running. */
  readonly joined: boolean;
  /** Gives up the hold. The last user's release resolves once the server has stopped. Further calls have no effect. */
  release(): Promise<void>;
}

export class ServiceLease<Name extends string> implements LocalServiceLease<Name> {
  readonly ports: Ports<Name>;
  readonly joined: boolean;
  readonly #server: ProcessIdentity;
  #released: Promise<void> | undefined;

  /** @param path the lease's file */
  constructor(
    private readonly service: Pick<LocalService, 'dir' | 'stopSignal' | 'stopTimeout'>,
    private readonly path: string,
    { server, ports, joined }: { server: ProcessIdentity; ports: Ports<Name>; joined: boolean },
  ) {
    this.#server = server;
    this.ports = ports;
    this.joined = joined;
    releaseAtExit(this);
  }

  get pid(): number {
    return this.#server.pid;
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    held.delete(this);
    const { dir } = this.service;
    // Without its directory, nobody else can share the server any more.
    if (!existsSync(dir)) return stopServer(this.#server, this.service);
    try {
      await withMutex(dir, { timeout: 60_000 }, async (assertHeld) => {
        const last = this.#leave();
        if (!last) return;
        assertHeld();
        await stopServer(last.server, this.service);
        writeRecord(dir, { ports: last.ports });
      });
    } catch (error) {
      // The process that holds the lock now sees that the server is marked as stopping, and stops it.
      if (!(error instanceof MutexLostError)) throw error;
    }
  }

  /** Releases the lease when the process exits: asks the server to stop, but does not wait for it. */
  releaseSync(): void {
    if (!existsSync(this.service.dir)) return send(this.#server, this.service.stopSignal);
    // Remove the lease before taking the lock: if users exit together, the last to get the lock must find no others.
    removeLeaseFile(this.path);
    for (let tries = 0; tries < EXIT_LOCK.tries; tries++) {
      const left = tryMutexSync(this.service.dir, () => {
        const last = this.#leave();
        if (last) send(last.server, this.service.stopSignal);
      });
      if (left) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EXIT_LOCK.pause);
    }
  }

  /**
   * Removes this lease, and marks the server as stopping if this was its last user.
   * @returns that server and its ports; `undefined` if there are other users or no server
   */
  #leave(): { ports: ServiceRecord['ports']; server: RecordedServer } | undefined {
    const { dir } = this.service;
    removeLeaseFile(this.path);
    if (sweepLeaseFiles(dir) > 0) return undefined;
    const record = readRecord(dir);
    // Another process may have replaced the server since. Without a readable record, only ours is known.
    const { ports, server } = typeof record === 'string' ? { ports: this.ports, server: this.#server } : record;
    if (!server) return undefined;
    const last = { ports, server: { pid: server.pid, startedAt: server.startedAt, stopping: true } };
    writeRecord(dir, last);
    return last;
  }
}

/** How often an exiting process tries to get the lock, and the pause between attempts, in milliseconds. */
const EXIT_LOCK = { tries: 30, pause: 20 };

/** The leases of this process that are not released yet. */
const held = new Set<ServiceLease<string>>();
let watching = false;

/**
 * Releases a lease when the process exits without doing so (`process.exit`, an uncaught error, a forgotten release), so
 * that the server still stops with its last user. Does not handle signals: that would disable their default action in
 * the author's program. The next user takes over a server that a signal left running.
 */
function releaseAtExit(lease: ServiceLease<string>): void {
  held.add(lease);
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    for (const left of held) {
      try {
        left.releaseSync();
      } catch {
        // There is no one left to report this to, and the lease becomes void with the process.
      }
    }
  });
}
