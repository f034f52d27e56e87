/**
 * Runs a Temporal dev server that keeps its state in a file. All processes that use the same directory share it.
 * @module
 */
import { join, resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import {
  LOOPBACK,
  acquireLocalService,
  creatingPrivateFiles,
  environmentFor,
  knock,
  sharedFolder,
  type LocalService,
  type Ports,
} from '../../local/index.js';
import { findTemporalCli } from './find-cli.js';

export interface DevServerOptions {
  /** The directory for its files, which are kept in the subfolder `temporal`. */
  readonly dir: string;
  /** Receives a line for each notable event: what is being tried, and how long it takes. */
  readonly log: (line: string) => void;
  /** Stops waiting when aborted. A server that has already been started is released. */
  readonly signal?: AbortSignal | undefined;
}

export interface DevServer {
  /** Host and port for clients and workers. */
  readonly address: string;
  readonly namespace: 'default';
  /** The URL of Temporal's web UI. */
  readonly uiUrl: string;
  /** Releases the server, which stops with its last user. Further calls do nothing. */
  release(): Promise<void>;
}

/**
 * The limit on polls per second and shard of the history service. A dev server has a single shard, so the default of 20
 * adds 40 ms to every hop after a few tasks.
 */
const HISTORY_POLLS = ['transfer', 'timer', 'visibility'].flatMap((queue) => [
  '--dynamic-config-value',
  `history.${queue}ProcessorMaxPollRPS=2000`,
]);

/**
 * Joins the dev server of a directory, or starts it. It keeps closed workflows for 24 hours.
 * @throws McpTasksError `LOCAL_SERVICE` if there is no Temporal CLI to start it with, or it does not start
 */
export async function acquireDevServer(options: DevServerOptions): Promise<DevServer> {
  sharedFolder(resolve(options.dir), options.log);
  const lease = await acquireLocalService(devServer(options), options);
  return {
    address: `${LOOPBACK}:${lease.ports.grpc}`,
    namespace: 'default',
    uiUrl: `http://${LOOPBACK}:${lease.ports.ui}`,
    release: () => lease.release(),
  };
}

function devServer({ dir: parent, log, signal }: DevServerOptions): LocalService<'grpc' | 'ui'> {
  const dir = resolve(parent, 'temporal');
  return {
    name: 'Temporal dev server',
    dir,
    ports: ['grpc', 'ui'],
    stopSignal: 'SIGTERM',
    prepare: async () => {
      const file = await findTemporalCli({ log, signal });
      return async (ports) =>
        creatingPrivateFiles({
          file,
          args: startArguments(join(dir, 'temporal.db'), ports),
          env: environmentFor('run'),
        });
    },
    probe: async ({ grpc }) => {
      // This is far cheaper than a gRPC connection if nothing is listening yet.
      await knock(grpc);
      const connection = await Connection.connect({ address: `${LOOPBACK}:${grpc}`, connectTimeout: 3_000 });
      try {
        await connection.withDeadline(Date.now() + 3_000, () =>
          connection.workflowService.describeNamespace({ namespace: 'default' }),
        );
      } finally {
        await connection.close();
      }
    },
  };
}

function startArguments(file: string, { grpc, ui }: Ports<'grpc' | 'ui'>): string[] {
  const where = ['--db-filename', file, '--ip', LOOPBACK, '--port', String(grpc), '--ui-port', String(ui)];
  return ['server', 'start-dev', ...where, '--log-level', 'error', ...HISTORY_POLLS];
}
