/**
 * Runs a Temporal dev server that keeps its state in a file, unless asked not to. All processes that use the same
 * directory share it.
 * @module
 */
import { join, resolve } from 'node:path';
import {
  LOOPBACK,
  acquireLocalService,
  checkDurability,
  creatingPrivateFiles,
  environmentFor,
  knock,
  sharedFolder,
  type Durability,
  type LocalService,
  type Ports,
} from '../../local/index.js';
import { findTemporalCli } from './find-cli.js';
import { logOtherDurability, noteDurability, storageArguments } from './storage.js';
import { hiddenUi, noUi, serveUi } from './ui-server.js';

/**
 * Receives a line for each notable event: what is being tried, and how long it takes.
 * @param about `address` if the line gives an address of the ready server, which the caller may show otherwise
 */
export type Log = (line: string, about?: 'address') => void;

export interface DevServerOptions {
  /** The directory for its files, which are kept in the subfolder `temporal`. */
  readonly dir: string;
  /**
   * Whether to serve Temporal's web UI. If another process has started the server without it, there is none.
   * @default false
   */
  readonly ui?: boolean | undefined;
  /** What its data survives. The process that starts the server decides. @default 'full' */
  readonly durability?: Durability | undefined;
  readonly log: Log;
  /** Stops waiting when aborted. A server that has already been started is released. */
  readonly signal?: AbortSignal | undefined;
}

export interface DevServer {
  /** Host and port for clients and workers. */
  readonly address: string;
  readonly namespace: 'default';
  /** The URL of Temporal's web UI, if there is one. This process serves it. */
  readonly uiUrl: string | undefined;
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
 * Closes Temporal's HTTP API, which nothing here uses. It listens on a random port and would answer any `Host`, so a web
 * page could use it (DNS rebinding). gRPC is safe from that: browsers cannot speak it.
 */
const NO_HTTP_API = ['--dynamic-config-value', 'frontend.httpAllowedHosts=["closed.invalid"]'];

/** Where gRPC, people's web UI, and the UI behind its check listen. */
type PortName = 'grpc' | 'ui' | 'web';

/**
 * Joins the dev server of a directory, or starts it. It keeps closed workflows for 24 hours.
 * @throws McpTasksError `LOCAL_SERVICE` if there is no Temporal CLI to start it with, or it does not start;
 * `CONFIGURATION` if there is no such durability
 */
export async function acquireDevServer(options: DevServerOptions): Promise<DevServer> {
  const { durability = 'full' } = options;
  checkDurability(durability);
  sharedFolder(resolve(options.dir), options.log);
  const service = devServer(options, durability);
  const lease = await acquireLocalService(service, options);
  const address = `${LOOPBACK}:${lease.ports.grpc}`;
  options.log(`Temporal's gRPC API is at ${address}: give this to Temporal's CLI as --address`, 'address');
  logOtherDurability(service.dir, durability, options.log);
  const ui = options.ui
    ? await serveUi(service.dir, lease.ports, options.log).catch(async (error: unknown) => {
        await lease.release();
        throw error;
      })
    : undefined;
  return {
    address,
    namespace: 'default',
    uiUrl: ui?.url,
    release: async () => {
      await ui?.close();
      await lease.release();
    },
  };
}

function devServer(
  { dir: parent, ui = false, log, signal }: DevServerOptions,
  durability: Durability,
): LocalService<PortName> {
  const dir = resolve(parent, 'temporal');
  return {
    name: 'Temporal dev server',
    dir,
    ports: ['grpc', 'ui', 'web'],
    stopSignal: 'SIGTERM',
    prepare: async () => {
      const file = await findTemporalCli({ log, signal });
      return async (ports) => {
        const uiArguments = ui ? await hiddenUi(dir, ports) : noUi(dir);
        noteDurability(dir, durability);
        const storage = storageArguments(durability, join(dir, 'temporal.db'));
        const args = [...startArguments(ports), ...storage, ...uiArguments];
        return creatingPrivateFiles({ file, args, env: environmentFor('run') });
      };
    },
    probe: async ({ grpc }) => {
      // This is far cheaper than a gRPC connection if nothing is listening yet.
      await knock(grpc);
      // Loads the Temporal client, while the server starts.
      const { checkDefaultNamespace } = await import('./namespace.js');
      await checkDefaultNamespace(`${LOOPBACK}:${grpc}`);
    },
  };
}

function startArguments({ grpc }: Ports<'grpc'>): string[] {
  const where = ['--ip', LOOPBACK, '--port', String(grpc)];
  return ['server', 'start-dev', ...where, '--log-level', 'error', ...HISTORY_POLLS, ...NO_HTTP_API];
}
