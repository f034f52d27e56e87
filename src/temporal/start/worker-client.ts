/**
 * Starts workflows on the connection of a worker in this process. Temporal can then hand the first workflow task to that
 * worker with the answer to the start, instead of storing it for the next poll.
 * @module
 */
import { Client, type ConnectionLike } from '@temporalio/client';

export class WorkerClient {
  readonly #clients = new Set<Client>();

  /** @param like the client whose settings apply */
  constructor(private readonly like: Client) {}

  /**
   * Uses a worker's connection from now on.
   * @returns the function that ends this, to be called before the connection closes
   */
  add(connection: ConnectionLike): () => void {
    const { namespace, identity, dataConverter, interceptors, workflow } = this.like.options;
    const client = new Client({ connection, namespace, identity, dataConverter, interceptors, workflow });
    this.#clients.add(client);
    return () => void this.#clients.delete(client);
  }

  /** A client on the connection of the worker that was added last; `undefined` if there is none. */
  get client(): Client | undefined {
    return [...this.#clients].at(-1);
  }
}
