/** The connection to Temporal that an engine works on. @module */
import {
  Client,
  Connection,
  QueryRejectCondition,
  type ConnectionOptions,
  type DataConverter,
} from '@temporalio/client';
import { withOtherEncodings } from './other-encodings.js';

export interface TemporalClientOptions {
  readonly connectionOptions: ConnectionOptions;
  readonly namespace: string;
  /** The same converter as the workers'; arguments and results pass through it. */
  readonly dataConverter?: DataConverter;
}

/** After an outage, in milliseconds: gRPC's own back-off goes up to two minutes, and nobody is answered meanwhile. */
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 3_000 };

/** A client that connects at its first call and reconnects by itself, so that a server can start before its cluster does. */
export function temporalClient(options: TemporalClientOptions): Client {
  return new Client({
    // Without the client's own retries: those outlive its closing and then throw where nobody can catch it. Calls has its own.
    connection: Connection.lazy({
      ...options.connectionOptions,
      interceptors: options.connectionOptions.interceptors ?? [],
      channelArgs: { ...RECONNECT, ...options.connectionOptions.channelArgs },
    }),
    namespace: options.namespace,
    dataConverter: withOtherEncodings(options.dataConverter),
    // A query on a closed workflow would wake a worker to replay it; rejected, it says that the workflow is closed.
    workflow: { queryRejectCondition: QueryRejectCondition.NOT_OPEN },
  });
}
