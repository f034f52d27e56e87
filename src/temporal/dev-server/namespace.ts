/** Namespaces of a dev server. @module */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { McpTasksError } from '../../task/errors.js';
import { msToTs } from '../seam.js';

/** gRPC's codes, which the client package does not export. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
/** A new namespace becomes usable once the server has refreshed its list of them, in milliseconds. */
const USABLE_TIMEOUT = 30_000;
/** The same as the dev server gives to its default namespace. */
const RETENTION = '24 hours';

/**
 * Makes a namespace unless it is there, and waits until it can be used.
 * @throws McpTasksError `LOCAL_SERVICE` if it cannot within 30 s
 */
export async function ensureNamespace(address: string, namespace: string): Promise<void> {
  // Every dev server is started with this one.
  if (namespace === 'default') return;
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
      `The dev server did not make the namespace ${namespace}: ${String(error)}`,
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
      // Goes through the list of namespaces that starts of workflows go through as well.
      await connection.workflowService.countWorkflowExecutions({ namespace });
      return;
    } catch (error) {
      if (codeOf(error) !== NOT_FOUND || Date.now() > deadline) {
        throw new McpTasksError('LOCAL_SERVICE', `The namespace ${namespace} cannot be used: ${String(error)}`, {
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
