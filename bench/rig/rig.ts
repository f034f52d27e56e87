/** The servers of one row. Starts them when a row asks for them, and stops all of them afterwards. @module */
import { Owned } from '../../src/cli/owned.js';
import type { OursOptions } from '../served/ours.js';
import { Bare } from './bare.js';
import { Child, type Started } from './child.js';
import { HttpClient } from './http.js';
import { countsIn, type Counts } from './metrics.js';
import type { PeerStart } from './peers.js';
import { freePort } from './ports.js';

/** A server of this package. */
export interface Ours {
  readonly http: HttpClient;
  readonly process: Child;
}

export interface Peer {
  readonly http: HttpClient;
}

export class Rig {
  readonly #owned = new Owned();
  readonly #peers: Readonly<Record<string, PeerStart>>;
  #temporal: Promise<string> | undefined;
  #stopped: Promise<void> | undefined;

  /** @param peers how to start those that can run here, by name */
  constructor(peers: Readonly<Record<string, PeerStart>>) {
    this.#peers = peers;
  }

  /** Returns the address of the row's Temporal dev server. */
  async temporal(): Promise<string> {
    this.#temporal ??= this.#startTemporal({});
    return await this.#temporal;
  }

  /**
   * Starts a dev server that counts requests, as the row's Temporal.
   * @returns the function that reads the counts
   */
  async countedTemporal(): Promise<() => Promise<Counts>> {
    const port = await freePort();
    this.#temporal = this.#startTemporal({ metricsPort: port });
    await this.#temporal;
    return async () => countsIn(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
  }

  /** Starts a process from the folder `served`. */
  async child(script: string, given: object = {}): Promise<Started> {
    const started = await Child.start(script, given);
    this.#owned.add(async () => await started.child.stop());
    return started;
  }

  /** Starts a server of this package, by default with its worker. */
  async ours(options: Omit<OursOptions, 'address'> = {}): Promise<Ours> {
    const given = { address: await this.temporal(), ...options };
    const { child, ready } = await this.child('ours.js', given);
    return { http: this.http((ready as { url: string }).url), process: child };
  }

  /** Starts a bare worker and returns a bare client. */
  async bare(): Promise<Bare> {
    const address = await this.temporal();
    const taskQueue = 'bare';
    await this.child('bare-worker.js', { address, taskQueue });
    return await this.bareClient(taskQueue);
  }

  /** Returns a bare client of any task queue. */
  async bareClient(taskQueue: string): Promise<Bare> {
    const bare = await Bare.connect(await this.temporal(), taskQueue);
    this.own(async () => await bare.close());
    return bare;
  }

  /** Starts a peer. @returns `undefined` if it cannot run here */
  async peer(name: string): Promise<Peer | undefined> {
    const url = await this.#peers[name]?.(this);
    return url === undefined ? undefined : { http: this.http(url) };
  }

  /** Returns another rig with a Temporal of its own, which stops with this one. */
  another(): Rig {
    const rig = new Rig(this.#peers);
    this.own(async () => await rig.stop());
    return rig;
  }

  http(url: string): HttpClient {
    const client = new HttpClient(url);
    this.own(async () => await Promise.resolve(client.close()));
    return client;
  }

  /** Releases something at the end of the row. */
  own(release: () => Promise<void>): void {
    this.#owned.add(release);
  }

  /** Stops everything. A signal may ask for it while a row ends, so further calls wait for the first one. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#owned.release();
    await this.#stopped;
  }

  async #startTemporal(given: object): Promise<string> {
    return ((await this.child('temporal.js', given)).ready as { address: string }).address;
  }
}
