/** A gateway: existing Temporal workflows, served as durable MCP tools from one file. @module */
import { resolve } from 'node:path';
import { McpServer, type McpHttpHandler } from '@modelcontextprotocol/server';
import type { StdioServerHandle } from '@modelcontextprotocol/server/stdio';
import type { DurableTasksOptions } from '../durable-tasks.js';
import { DurableTasks } from '../server/durable-tasks.js';
import { stderrLogger, type Logger } from '../local/log.js';
import type { ServerFactory } from '../server/serve.js';
import { McpTasksError } from '../task/errors.js';
import { version } from '../version.js';
import type { CreateWorkerOptions } from '../worker/index.js';
import type { GatewayConfigInput } from './config.js';
import { ConfirmWorkers } from './confirm-worker.js';
import { connectionsOf } from './connection.js';
import { inTurn } from './in-turn.js';
import { gatewayOf, loadGateway, type LoadedGateway } from './load.js';
import { GatewayFileError } from './problem.js';
import { FileWatch } from './watch-files.js';

/** Where a gateway's own workflow waits, the one that asks before a tool starts. */
const OWN_TASK_QUEUE = 'mcp-tasks-gateway';

export interface GatewayOptions extends Pick<DurableTasksOptions, 'key' | 'owner' | 'longPolls' | 'fallback'> {
  /** What the paths of a configuration that is not in a file are relative to. @default the working directory */
  readonly cwd?: string;
  /** Where a dev server keeps its files, where no Temporal is configured. @default '.mcp-tasks' */
  readonly dir?: string;
  /** Whether the tools follow changes of the file, and SIGHUP. @default true */
  readonly watch?: boolean;
  /** Options of the worker that asks before tools with `confirm` start. */
  readonly worker?: Partial<CreateWorkerOptions>;
  /** Called before that worker is made, be it after a reload, until it has succeeded once: the place for Temporal's `Runtime.install`. @default nothing */
  readonly beforeWorker?: () => void | Promise<void>;
  /** @default JSON lines on stderr */
  readonly logger?: Logger;
}

/**
 * Serves the workflows of a gateway's file, or of the same as an object. Does not need the cluster to be there.
 *
 * @throws GatewayFileError with everything that is wrong with the file; McpTasksError `CONFIGURATION`
 * @example
 * const gateway = await serveGateway('mcp-tasks.yaml');
 * createServer(toNodeHandler(gateway.handler())).listen(3000, '127.0.0.1');
 */
export async function serveGateway(
  config: string | GatewayConfigInput,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const load = async (): Promise<LoadedGateway> =>
    typeof config === 'string' ? await loadGateway(config) : await gatewayOf(config, resolve(options.cwd ?? '.'));
  const loaded = await load();
  const gateway = await Gateway.open(load, loaded, options);
  if (options.watch !== false && typeof config === 'string') gateway.watch();
  return gateway;
}

export class Gateway {
  readonly #closing = new AbortController();
  readonly #closed = new Promise<undefined>((closed) => {
    this.#closing.signal.addEventListener('abort', () => closed(undefined), { once: true });
  });
  /** An older state of the file never takes the place of a newer one. */
  readonly #reloadInTurn = inTurn(async () => await this.#reload());
  #watch: FileWatch | undefined;
  #latest: LoadedGateway;

  private constructor(
    readonly tasks: DurableTasks,
    private readonly confirm: ConfirmWorkers,
    private readonly load: () => Promise<LoadedGateway>,
    private readonly logger: Logger,
    /** What is not reloaded is as it was here. */
    private readonly started: LoadedGateway,
  ) {
    this.#latest = started;
    tasks.beforeClose(async () => {
      this.#closing.abort();
      this.#watch?.close();
      process.off('SIGHUP', this.#again);
      // One that runs gets to its end first; one of its own does nothing any more.
      await this.#reloadInTurn().catch(() => undefined);
      await confirm.stop();
    });
  }

  /** Use {@link serveGateway}. */
  static async open(
    load: () => Promise<LoadedGateway>,
    loaded: LoadedGateway,
    { worker = {}, beforeWorker = () => undefined, dir, logger = stderrLogger(), ...rest }: GatewayOptions,
  ): Promise<Gateway> {
    const { config, tools } = loaded;
    const connections = await connectionsOf(loaded, dir);
    const { temporal, namespaces, dataConverter } = connections;
    const tasks = await DurableTasks.connect({
      ...rest,
      tools,
      temporal,
      namespaces,
      taskQueue: OWN_TASK_QUEUE,
      logger,
      ttl: {
        ...(config.ttl === undefined ? {} : { default: config.ttl }),
        ...(config.longestTtl === undefined ? {} : { longest: config.longestTtl }),
      },
      ...(config.fallback === undefined ? {} : { fallback: config.fallback }),
      ...(config.handleAfter === undefined ? {} : { handleAfter: config.handleAfter }),
      ...(config.pollInterval === undefined ? {} : { pollInterval: config.pollInterval }),
      dataConverter,
    });
    const confirm = new ConfirmWorkers({
      taskQueue: OWN_TASK_QUEUE,
      temporalOf: connections.of,
      dataConverter,
      logger,
      worker,
      beforeWorker,
    });
    const gateway = new Gateway(tasks, confirm, load, logger, loaded);
    try {
      await gateway.#ensureWorkers(loaded);
      return gateway;
    } catch (error) {
      await tasks.close();
      throw error;
    }
  }

  /** As {@link DurableTasks.handler}. @param factory your own server, if it is to have more than the workflows */
  handler(factory: ServerFactory = ownServer): McpHttpHandler {
    return this.tasks.handler(factory);
  }

  /** As {@link DurableTasks.stdio}. */
  stdio(factory: ServerFactory = ownServer): StdioServerHandle {
    return this.tasks.stdio(factory);
  }

  /**
   * Reads the configuration again and serves its tools. Tasks go on, those of tools that are gone too. A change of anything
   * but the tools waits for the next start. Those asked for while one runs are one, after it; once this closes there is none.
   * @throws GatewayFileError, McpTasksError `CONFIGURATION`, and the tools stay as they were
   */
  async reload(): Promise<void> {
    await this.#reloadInTurn();
  }

  /** Reloads after each change of the file and on SIGHUP; a file that is wrong is logged, and changes nothing. */
  watch(): void {
    if (this.#closing.signal.aborted) return;
    const lost = (reason: Error): void =>
      this.logger.warn({ err: reason }, 'the file is watched no more; SIGHUP still has it read again');
    this.#watch ??= new FileWatch(this.#again, lost);
    this.#watch.follow(this.#latest.files);
    process.off('SIGHUP', this.#again).on('SIGHUP', this.#again);
  }

  /** As {@link DurableTasks.close}. */
  async close(): Promise<void> {
    await this.tasks.close();
  }

  readonly #again = (): void => {
    this.reload().catch((error: Error) => this.logger.error({}, `the tools stay as they were: ${error.message}`));
  };

  async #reload(): Promise<void> {
    const loaded = await Promise.race([this.load(), this.#closed]).catch((error: unknown) => {
      // It may be mended in a file that it names for the first time, or in one that it named before.
      if (error instanceof GatewayFileError) this.#follow([...this.#latest.files, ...error.files]);
      throw error;
    });
    if (!loaded || this.#closing.signal.aborted) return;
    this.#follow(loaded.files);
    if (sameAs(loaded, this.#latest)) return;
    requireKnownNamespaces(loaded, this.started);
    // First all that can go wrong, and nothing is shown that cannot be had.
    await this.#ensureWorkers(loaded);
    await this.tasks.useTools(loaded.tools);
    this.#latest = loaded;
    const restart = !sameSettings(loaded, this.started);
    this.logger.info(
      { tools: loaded.tools.map(({ name }) => name), ...(restart ? { restart } : {}) },
      restart
        ? 'the tools were read again; what else has changed waits for the next start'
        : 'the tools were read again',
    );
  }

  #follow(files: readonly string[]): void {
    if (!this.#closing.signal.aborted) this.#watch?.follow(files);
  }

  async #ensureWorkers({ tools }: LoadedGateway): Promise<void> {
    await this.confirm.ensure(tools.filter(({ beforeStart }) => beforeStart).map(({ namespace }) => namespace));
  }
}

function ownServer(): McpServer {
  return new McpServer({ name: 'mcp-tasks-temporal', version });
}

/** Tools are functions of what they were made from, but for the files of their schemas. */
function sameAs(one: LoadedGateway, other: LoadedGateway): boolean {
  return JSON.stringify([one.config, one.schemas]) === JSON.stringify([other.config, other.schemas]);
}

/** All but what is in the tools. */
function sameSettings(one: LoadedGateway, other: LoadedGateway): boolean {
  const settings = ({ config }: LoadedGateway): string =>
    JSON.stringify({ ...config, tools: [], taskQueue: undefined });
  return settings(one) === settings(other);
}

/** A tool in a namespace whose connection is not known yet would be called in another cluster's. */
function requireKnownNamespaces({ config, tools }: LoadedGateway, { config: started }: LoadedGateway): void {
  const unknown = tools.find(
    ({ namespace }) => namespace !== undefined && config.namespaces?.[namespace] && !started.namespaces?.[namespace],
  );
  if (unknown)
    throw new McpTasksError(
      'CONFIGURATION',
      `tool "${unknown.name}": how to get to the namespace ${unknown.namespace} is new in the file, which takes a restart`,
    );
}
