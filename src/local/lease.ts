/** One user's hold on a shared server. @module */
import { existsSync } from 'node:fs';
import type { LocalService } from './definition.js';
import { removeLease, sweepLeases } from './leases.js';
import { MutexLostError, tryMutexSync, withMutex } from './mutex.js';
import type { Ports } from './ports.js';
import type { ProcessIdentity } from './process-identity.js';
import { readRecord, writeRecord, type RecordedServer, type ServiceRecord } from './record.js';
import { stop } from './running.js';
import { send } from './server-process.js';

export interface LocalServiceLease<Name extends string = string> {
  readonly pid: number;
  readonly ports: Ports<Name>;
  /** Whether the server ran already. */
  readonly joined: boolean;
  /** Gives it up; the last user's release returns once the server has stopped. Further calls change nothing. */
  release(): Promise<void>;
}

export class Lease<Name extends string> implements LocalServiceLease<Name> {
  #released: Promise<void> | undefined;

  constructor(
    private readonly service: Pick<LocalService, 'dir' | 'stopSignal' | 'stopTimeout'>,
    private readonly path: string,
    private readonly server: ProcessIdentity,
    readonly ports: Ports<Name>,
    readonly joined: boolean,
  ) {
    releaseAtExit(this);
  }

  get pid(): number {
    return this.server.pid;
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    held.delete(this);
    const { dir } = this.service;
    // With its directory gone there is nobody left to share the server with.
    if (!existsSync(dir)) return stop(this.service, this.server);
    try {
      await withMutex(dir, { timeout: 60_000 }, async (assertHeld) => {
        const last = this.#leave();
        if (!last) return;
        assertHeld();
        await stop(this.service, last.server);
        writeRecord(dir, { ports: last.ports });
      });
    } catch (error) {
      // Whoever has the lock now sees that the server is to stop, and sees to it.
      if (!(error instanceof MutexLostError)) throw error;
    }
  }

  /** What can be done of a release when the process exits: the server is told to stop, nobody waits for it. */
  releaseSync(): void {
    if (!existsSync(this.service.dir)) return send(this.server, this.service.stopSignal);
    // Gone first, whoever has the lock: of users that exit together the last to get it has to find itself alone.
    removeLease(this.path);
    for (let tries = 0; tries < EXIT_LOCK.tries; tries++) {
      const left = tryMutexSync(this.service.dir, () => {
        const last = this.#leave();
        if (last) send(last.server, this.service.stopSignal);
      });
      if (left) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EXIT_LOCK.pause);
    }
  }

  /** @returns the server, now marked as stopping, if this was its last user */
  #leave(): { ports: ServiceRecord['ports']; server: RecordedServer } | undefined {
    const { dir } = this.service;
    removeLease(this.path);
    if (sweepLeases(dir) > 0) return undefined;
    const record = readRecord(dir);
    // Another process may have replaced the server since; without a record, the only one known is ours.
    const { ports, server } = typeof record === 'string' ? { ports: this.ports, server: this.server } : record;
    if (!server) return undefined;
    const last = { ports, server: { pid: server.pid, startedAt: server.startedAt, stopping: true } };
    writeRecord(dir, last);
    return last;
  }
}

/** How often, and with pauses of how many milliseconds, an exiting process tries to get the lock. */
const EXIT_LOCK = { tries: 30, pause: 20 };

/** The leases of this process that were not released yet. */
const held = new Set<Lease<string>>();
let watching = false;

/**
 * An exit without a release (`process.exit`, an uncaught error, a forgotten release) still stops the server with its
 * last user. Signals are left alone: handling one would take its default action away from the author's program. What a
 * signal leaves running, the next user takes up.
 */
function releaseAtExit(lease: Lease<string>): void {
  held.add(lease);
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    for (const left of held) {
      try {
        left.releaseSync();
      } catch {
        // Nobody is there to be told; the lease ends with the process.
      }
    }
  });
}
