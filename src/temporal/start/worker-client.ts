/**
 * Starts workflows on the connection of a worker in this process. Temporal can then return the first workflow task in
 * its response to the start, instead of keeping it for the worker's next poll.
 * @module
 */
import { Client, type ConnectionLike } from '@temporalio/client';

export class WorkerClient {
  readonly #clients = new Set<Client>();

  /** @param like the client whose settings apply */
  constructor(private readonly like: Client) {}

  /**
   * Uses a worker's connection from now on.
   * @returns a function that stops this. Call it before the connection closes
   */
  add(connection: ConnectionLike): () => void {
    const { namespace, identity, dataConverter, interceptors, workflow } = this.like.options;
    const client = new Client({ connection, namespace, identity, dataConverter, interceptors, workflow });
    this.#clients.add(client);
    return () => void this.#clients.delete(client);
  }

  /** A client on the connection that was added last; `undefined` if there is none. */
  get client(): Client | undefined {
    return [...this.#clients].at(-1);
  }
}
