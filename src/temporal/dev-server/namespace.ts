/**
 * The namespaces of a dev server. Imported only once a server listens, because it loads the Temporal client.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { McpTasksError } from '../../task/errors.js';
import { msToTs } from '../seam.js';

/** Every dev server starts with this one. */
const DEFAULT_NAMESPACE = 'default';
/** gRPC status codes, which the client package does not export. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
/**
 * How long to wait until a new namespace is usable, in milliseconds. The server first has to refresh its list of
 * namespaces.
 */
const USABLE_TIMEOUT = 30_000;
/** The same retention as for the dev server's default namespace. */
const RETENTION = '24 hours';

/** Throws unless the dev server answers a request about its default namespace within 6 s. */
export async function checkDefaultNamespace(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 3_000 });
  try {
    await connection.withDeadline(Date.now() + 3_000, () =>
      connection.workflowService.describeNamespace({ namespace: DEFAULT_NAMESPACE }),
    );
  } finally {
    await connection.close();
  }
}

/**
 * Creates a namespace if it is missing, and waits until it is usable.
 * @throws McpTasksError `LOCAL_SERVICE` if the namespace cannot be created, or is not usable within 30 s
 */
export async function ensureNamespace(address: string, namespace: string): Promise<void> {
  if (namespace === DEFAULT_NAMESPACE) return;
  const connection = await Connection.connect({ address, connectTimeout: 5_000 });
  try {
    await register(connection, namespace);
    await untilUsable(connection, namespace);
  } finally {
    await connection.close();
  }
}

async function register(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(RETENTION),
    });
  } catch (error) {
    if (codeOf(error) === ALREADY_EXISTS) return;
    throw new McpTasksError(
      'LOCAL_SERVICE',
      `The dev server did not create the namespace ${namespace}: ${String(error)}`,
      {
        cause: error,
      },
    );
  }
}

async function untilUsable(connection: Connection, namespace: string): Promise<void> {
  const deadline = Date.now() + USABLE_TIMEOUT;
  for (;;) {
    try {
      // This call uses the same list of namespaces as workflow starts do.
      await connection.workflowService.countWorkflowExecutions({ namespace });
      return;
    } catch (error) {
      if (codeOf(error) !== NOT_FOUND || Date.now() > deadline) {
        throw new McpTasksError('LOCAL_SERVICE', `The namespace ${namespace} did not become usable: ${String(error)}`, {
          cause: error,
        });
      }
    }
    await sleep(100);
  }
}

function codeOf(error: unknown): number | undefined {
  return isGrpcServiceError(error) ? error.code : undefined;
}
