/** Creates the connection to Temporal for an engine. @module */
import {
  Client,
  Connection,
  QueryRejectCondition,
  type ConnectionOptions,
  type DataConverter,
} from '@temporalio/client';
import { checkStorage } from '../storage/check-storage.js';
import { withOtherEncodings } from './other-encodings.js';

/** The options of {@link temporalClient}. */
export interface TemporalClientOptions {
  readonly connectionOptions: ConnectionOptions;
  readonly namespace: string;
  /** Must be the same converter as the workers'. Arguments and results pass through it. */
  readonly dataConverter?: DataConverter;
}

/**
 * Back-off after an outage, in milliseconds. gRPC's default goes up to two minutes, and requests fail during that time.
 */
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 3_000 };

/**
 * Creates a client that connects on its first call and reconnects by itself, so that a server can start before its
 * cluster.
 *
 * @throws McpTasksError `CONFIGURATION` if the data converter has external storage, which does not work with several
 * copies of `protobufjs`
 * @example
 * const { connectionOptions, namespace } = await resolveTemporalTarget();
 * const client = temporalClient({ connectionOptions, namespace });
 */
export function temporalClient(options: TemporalClientOptions): Client {
  checkStorage(options.dataConverter);
  return new Client({
    // Disable the client's own retries: they outlive its closing and then throw where nothing can catch the error.
    // `Calls` retries instead.
    connection: Connection.lazy({
      ...options.connectionOptions,
      interceptors: options.connectionOptions.interceptors ?? [],
      channelArgs: { ...RECONNECT, ...options.connectionOptions.channelArgs },
    }),
    namespace: options.namespace,
    dataConverter: withOtherEncodings(options.dataConverter),
    // A query on a closed workflow would wake a worker to replay it. Rejecting the query reports that the workflow is
    // closed.
    workflow: { queryRejectCondition: QueryRejectCondition.NOT_OPEN },
  });
}
