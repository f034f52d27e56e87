/** The connection to Temporal that an engine works on. @module */
import { Client, Connection, QueryRejectCondition, type ConnectionOptions, type DataConverter } from '@temporalio/client';

export interface TemporalClientOptions {
  readonly connectionOptions: ConnectionOptions;
  readonly namespace: string;
  /** The same converter as the workers'; arguments and results pass through it. */
  readonly dataConverter?: DataConverter;
}

/** A client that connects at its first call and reconnects by itself, so that a server can start before its cluster does. */
export function temporalClient(options: TemporalClientOptions): Client {
  return new Client({
    // Without the client's own retries: those outlive its closing and then throw where nobody can catch it. Calls has its own.
    connection: Connection.lazy({ ...options.connectionOptions, interceptors: options.connectionOptions.interceptors ?? [] }),
    namespace: options.namespace,
    ...(options.dataConverter ? { dataConverter: options.dataConverter } : {}),
    // A query on a closed workflow would wake a worker to replay it; rejected, it says that the workflow is closed.
    workflow: { queryRejectCondition: QueryRejectCondition.NOT_OPEN },
  });
}
