/** A Temporal dev server that keeps its state in a file and is shared by all processes that use the same directory. @module */
import { join, resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import { LOOPBACK, acquireLocalService, knock, type LocalService, type Ports } from '../../local/index.js';
import { findTemporalCli } from './find-cli.js';

export interface DevServerOptions {
  /** Where its files are kept, in the folder `temporal`. */
  readonly dir: string;
  /** Gets a line for each thing worth telling: what is tried, how long it takes. */
  readonly log: (line: string) => void;
  /** Gives up waiting; a server that was started already is released. */
  readonly signal?: AbortSignal | undefined;
}

export interface DevServer {
  /** Host and port for clients and workers. */
  readonly address: string;
  readonly namespace: 'default';
  /** Temporal's web UI. */
  readonly uiUrl: string;
  /** Gives it up; the server stops with its last user. Further calls change nothing. */
  release(): Promise<void>;
}

/**
 * The polls per second and shard of the history service. The default of 20 adds 40 ms to every hop after a few tasks,
 * because a dev server has a single shard.
 */
const HISTORY_POLLS = ['transfer', 'timer', 'visibility'].flatMap((queue) => [
  '--dynamic-config-value',
  `history.${queue}ProcessorMaxPollRPS=2000`,
]);

/**
 * Joins the dev server of a directory, or starts it; closed workflows stay for 24 hours.
 * @throws McpTasksError `LOCAL_SERVICE` if there is no Temporal CLI to start it with, or it does not start
 */
export async function acquireDevServer(options: DevServerOptions): Promise<DevServer> {
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
      return async (ports) => ({ file, args: startArguments(join(dir, 'temporal.db'), ports), env: environment() });
    },
    probe: async ({ grpc }) => {
      // Far cheaper than a gRPC connection while nobody listens yet.
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

/** Without the variables that configure clients: the CLI reads them too, and the server is everybody's. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
