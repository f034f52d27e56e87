// Exits with 0 if the worker of this container polls its task queue: the worker's health check in docker-compose.yml.
import { hostname } from 'node:os';
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import proto from '@temporalio/proto';

/** A worker polls at least once a minute, so allow a little more. In milliseconds. */
const RECENT = 90_000;
// Connects as the worker does.
const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
const { TASK_QUEUE: name = 'mcp-tasks' } = process.env;

const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '3 seconds' });
const { pollers } = await connection.workflowService.describeTaskQueue({
  namespace,
  taskQueue: { name },
  taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
});
await connection.close();
// As the SDK names a worker: process@host.
const polls = ({ identity, lastAccessTime }) =>
  identity.endsWith(`@${hostname()}`) && Date.now() - Number(lastAccessTime.seconds) * 1000 < RECENT;
process.exitCode = pollers.some(polls) ? 0 : 1;
