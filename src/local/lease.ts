/** One user's hold on a shared server. @module */
import { existsSync } from 'node:fs';
import { removeLease, sweepLeases } from './leases.js';
import { tryMutexSync, withMutex } from './mutex.js';
import type { Ports } from './ports.js';
import type { ProcessIdentity } from './process-identity.js';
import { readRecord, writeRecord, type RecordedServer } from './record.js';
import { send, stopServer } from './server-process.js';

export interface LocalServiceLease<Name extends string = string> {
  readonly pid: number;
  readonly ports: Ports<Name>;
  /** Whether the server ran already. */
  readonly joined: boolean;
  /** Gives it up; the last user's release returns once the server has stopped. Further calls change nothing. */
  release(): Promise<void>;
}

interface Stoppable {
  readonly dir: string;
  readonly stopSignal: NodeJS.Signals;
  readonly stopTimeout?: number;
}

export class Lease<Name extends string> implements LocalServiceLease<Name> {
  #released: Promise<void> | undefined;

  constructor(
    private readonly service: Stoppable,
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
    if (!existsSync(dir)) return this.#stop(this.server);
    await withMutex(dir, { timeout: 60_000 }, async (assertHeld) => {
      const last = this.#leave();
      if (!last) return;
      assertHeld();
      await this.#stop(last);
      writeRecord(dir, { ports: this.ports });
    });
  }

  /** What can be done of a release when the process exits: the server is told to stop, nobody waits for it. */
  releaseSync(): void {
    if (!existsSync(this.service.dir)) return send(this.server, this.service.stopSignal);
    const left = tryMutexSync(this.service.dir, () => {
      const last = this.#leave();
      if (last) send(last, this.service.stopSignal);
    });
    if (!left) removeLease(this.path);
  }

  /** @returns the server if this was its last user */
  #leave(): RecordedServer | undefined {
    const { dir } = this.service;
    removeLease(this.path);
    if (sweepLeases(dir) > 0) return undefined;
    const record = readRecord(dir);
    // Another process may have replaced the server since; without a record, the only one known is ours.
    const server = typeof record === 'string' ? this.server : record.server;
    if (!server) return undefined;
    const last = { pid: server.pid, startedAt: server.startedAt, stopping: true };
    writeRecord(dir, { ports: typeof record === 'string' ? this.ports : record.ports, server: last });
    return last;
  }

  #stop(server: ProcessIdentity): Promise<void> {
    return stopServer(server, this.service.stopSignal, this.service.stopTimeout ?? 15_000);
  }
}

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
