/** A gateway: serves existing Temporal workflows as durable MCP tools, configured by one file. @module */
import { resolve } from 'node:path';
import { McpServer, type McpHttpHandler } from '@modelcontextprotocol/server';
import type { StdioServerHandle } from '@modelcontextprotocol/server/stdio';
import type { DurableTasksOptions } from '../durable-tasks.js';
import { DurableTasks } from '../server/durable-tasks.js';
import type { Durability } from '../local/durability.js';
import { stderrLogger, type Logger } from '../local/log.js';
import type { HandlerOptions, ServerFactory } from '../server/serve.js';
import { McpTasksError } from '../task/errors.js';
import { version } from '../version.js';
import type { CreateWorkerOptions } from '../worker/index.js';
import type { GatewayConfig, GatewayConfigInput } from './config.js';
import { ConfirmWorkers, needsWorker } from './confirm-worker.js';
import { connectionsOf } from './connection.js';
import { inTurn } from './in-turn.js';
import { gatewayOf, loadGateway, type LoadedGateway } from './load.js';
import { GatewayFileError } from './problem.js';
import { FileWatch } from './watch-files.js';

/**
 * The task queue of the gateway's own workflows, which ask before a tool starts, cancel tasks when their ttl passes and
 * delete expired tasks.
 */
const OWN_TASK_QUEUE = 'mcp-tasks-gateway';

/** The options of {@link serveGateway}. */
export interface GatewayOptions extends Pick<
  DurableTasksOptions,
  'key' | 'owner' | 'maxLongPolls' | 'fallback' | 'startInBackground'
> {
  /** The directory that paths are relative to in a configuration given as an object. @default the working directory */
  readonly cwd?: string;
  /** Where a dev server keeps its files, if no Temporal is configured. @default '.mcp-tasks' */
  readonly dir?: string;
  /** Whether a dev server also serves Temporal's web UI, to this machine only. @default false */
  readonly ui?: boolean;
  /** What a dev server's data survives. @default 'full' */
  readonly durability?: Durability;
  /** Whether to reload the tools when the file changes and on SIGHUP. @default true */
  readonly watch?: boolean;
  /**
   * Options of the worker that asks before tools with `confirm` start, cancels tasks of tools with `onTtl: cancel`, and
   * deletes expired tasks with `deleteExpired`.
   */
  readonly worker?: Partial<CreateWorkerOptions>;
  /**
   * Called before that worker is created, at the start or after a reload, until it has succeeded once. Call Temporal's
   * `Runtime.install` here.
   * @default nothing
   */
  readonly beforeWorker?: () => void | Promise<void>;
  /** @default JSON lines on stderr */
  readonly logger?: Logger;
}

/**
 * Serves the workflows of a gateway file, or of the same configuration as an object. The cluster need not be reachable.
 *
 * @throws GatewayFileError with every problem in the file; McpTasksError `CONFIGURATION`
 * @example
 * const gateway = await serveGateway('mcp-tasks.yaml');
 * const server = await serveHttp(gateway.handler(), { port: 3000 });
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

interface GatewayParts {
  /** The connection that serves the tools. */
  readonly tasks: DurableTasks;
  readonly confirmWorkers: ConfirmWorkers;
  readonly load: () => Promise<LoadedGateway>;
  readonly logger: Logger;
  /** The configuration at the start. What a reload does not cover stays as it is here. */
  readonly started: LoadedGateway;
}

/** A running gateway, as {@link serveGateway} returns it. */
export class Gateway {
  readonly tasks: DurableTasks;
  readonly #parts: GatewayParts;
  readonly #closing = new AbortController();
  readonly #closed = new Promise<undefined>((closed) => {
    this.#closing.signal.addEventListener('abort', () => closed(undefined), { once: true });
  });
  /** Reloads one at a time, so that an older version of the file never replaces a newer one. */
  readonly #reloadInTurn = inTurn(async () => await this.#reload());
  #watch: FileWatch | undefined;
  #latest: LoadedGateway;
  /** Why the last reload failed, if it did. */
  #loggedProblem: string | undefined;

  private constructor(parts: GatewayParts) {
    this.tasks = parts.tasks;
    this.#parts = parts;
    this.#latest = parts.started;
    this.tasks.beforeClose(async () => {
      this.#closing.abort();
      this.#watch?.close();
      process.off('SIGHUP', this.#reloadRequested);
      // Wait for a reload in progress; once closing, a new one is a no-op.
      await this.#reloadInTurn().catch(() => undefined);
      await parts.confirmWorkers.stop();
    });
  }

  /** Use {@link serveGateway}. */
  static async open(
    load: () => Promise<LoadedGateway>,
    loaded: LoadedGateway,
    {
      worker = {},
      beforeWorker = () => undefined,
      dir,
      ui,
      durability,
      logger = stderrLogger(),
      ...rest
    }: GatewayOptions,
  ): Promise<Gateway> {
    const { temporal, namespaces, dataConverter, optionsFor } = await connectionsOf(loaded, dir);
    const tasks = await DurableTasks.connect({
      ...rest,
      tools: loaded.tools,
      temporal: { ...temporal, ui, durability },
      namespaces,
      dataConverter,
      taskQueue: OWN_TASK_QUEUE,
      logger,
      ...settingsOf(loaded.config),
    });
    const confirmWorkers = new ConfirmWorkers({
      taskQueue: OWN_TASK_QUEUE,
      temporalOf: optionsFor,
      dataConverter,
      logger,
      worker,
      beforeWorker,
    });
    const gateway = new Gateway({ tasks, confirmWorkers, load, logger, started: loaded });
    try {
      await gateway.#ensureWorkers(loaded);
      return gateway;
    } catch (error) {
      await tasks.close();
      throw error;
    }
  }

  /**
   * Returns an HTTP handler, like {@link DurableTasks.handler}.
   * @param factory makes your own server, if it should offer more than the workflows
   */
  handler(factory: ServerFactory = ownServer, options: HandlerOptions = {}): McpHttpHandler {
    return this.tasks.handler(factory, options);
  }

  /**
   * Serves over stdio, like {@link DurableTasks.stdio}.
   * @param factory makes your own server, if it should offer more than the workflows
   */
  stdio(factory: ServerFactory = ownServer): StdioServerHandle {
    return this.tasks.stdio(factory);
  }

  /**
   * Reads the configuration again and serves its tools. Tasks continue, even those of removed tools. A change to
   * anything but the tools takes effect at the next start. Calls made during a reload share one more reload after it.
   * Once the gateway is closing, this does nothing.
   * @throws GatewayFileError, McpTasksError `CONFIGURATION`; the tools then stay as they were
   */
  async reload(): Promise<void> {
    await this.#reloadInTurn();
  }

  /** Reloads after each change of the file and on SIGHUP. An invalid file is logged and changes nothing. */
  watch(): void {
    if (this.#closing.signal.aborted) return;
    const lost = (reason: Error): void =>
      this.#parts.logger.warn({ err: reason }, 'stopped watching for changes; send SIGHUP to reload');
    this.#watch ??= new FileWatch(this.#reloadChanged, lost);
    this.#watch.follow(this.#latest.files);
    process.off('SIGHUP', this.#reloadRequested).on('SIGHUP', this.#reloadRequested);
  }

  /** Closes the gateway, like {@link DurableTasks.close}. */
  async close(): Promise<void> {
    await this.tasks.close();
  }

  readonly #reloadRequested = (): void => {
    // After a requested reload (SIGHUP), log the problem even if it was logged before.
    this.#loggedProblem = undefined;
    this.#reloadChanged();
  };

  readonly #reloadChanged = (): void => {
    void this.#tryReload();
  };

  /**
   * Reloads. If that fails, logs why, unless that was logged already: any change in the folder causes a reload, even a
   * log file that grows there.
   */
  async #tryReload(): Promise<void> {
    try {
      await this.reload();
      this.#loggedProblem = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (message === this.#loggedProblem) return;
      this.#loggedProblem = message;
      this.#parts.logger.error({}, `reload failed, tools unchanged: ${message}`);
    }
  }

  async #reload(): Promise<void> {
    const { load, logger, started } = this.#parts;
    const loaded = await Promise.race([load(), this.#closed]).catch((error: unknown) => {
      // Watch both the newly named files and the previous ones: the fix may be made in any of them.
      if (error instanceof GatewayFileError) this.#follow([...this.#latest.files, ...error.files]);
      throw error;
    });
    if (!loaded || this.#closing.signal.aborted) return;
    this.#follow(loaded.files);
    if (sameAs(loaded, this.#latest)) {
      if (this.#loggedProblem !== undefined) logger.info({}, 'reload succeeded, tools unchanged');
      return;
    }
    requireKnownNamespaces(loaded, started);
    // Do everything that can fail before publishing the tools.
    await this.#ensureWorkers(loaded);
    await this.tasks.useTools(loaded.tools);
    this.#latest = loaded;
    const restart = !sameSettings(loaded, started);
    logger.info(
      { tools: loaded.tools.map(({ name }) => name), ...(restart ? { restart } : {}) },
      restart ? 'tools reloaded; other changes take effect after a restart' : 'tools reloaded',
    );
  }

  #follow(files: readonly string[]): void {
    if (!this.#closing.signal.aborted) this.#watch?.follow(files);
  }

  async #ensureWorkers({ tools, config }: LoadedGateway): Promise<void> {
    const served = config.deleteExpired ? tools : tools.filter((tool) => needsWorker(tool, config));
    await this.#parts.confirmWorkers.ensure([
      ...served.map(({ namespace }) => namespace),
      // Its schedule is in every namespace that is open, even if no tool is in it.
      ...(config.deleteExpired ? [undefined, ...Object.keys(config.namespaces ?? {})] : []),
    ]);
  }
}

function ownServer(): McpServer {
  return new McpServer({ name: 'mcp-tasks-temporal', version });
}

/** Returns the settings that the file contains. All others keep their defaults. */
function settingsOf({
  ttl,
  longestTtl,
  onTtl,
  resultRetention,
  deleteExpired,
  fallback,
  handleAfter,
  pollInterval,
  limits,
}: GatewayConfig): Pick<
  DurableTasksOptions,
  'ttl' | 'onTtl' | 'resultRetention' | 'deleteExpired' | 'fallback' | 'handleAfter' | 'pollInterval' | 'limits'
> {
  return {
    ttl: {
      ...(ttl === undefined ? {} : { default: ttl }),
      ...(longestTtl === undefined ? {} : { max: longestTtl }),
    },
    ...(onTtl === undefined ? {} : { onTtl }),
    ...(resultRetention === undefined ? {} : { resultRetention }),
    ...(deleteExpired === undefined ? {} : { deleteExpired }),
    ...(fallback === undefined ? {} : { fallback }),
    ...(handleAfter === undefined ? {} : { handleAfter }),
    ...(pollInterval === undefined ? {} : { pollInterval }),
    ...(limits === undefined ? {} : { limits }),
  };
}

/** Compares configurations and schemas: tools contain functions, and their schemas may come from files. */
function sameAs(one: LoadedGateway, other: LoadedGateway): boolean {
  return JSON.stringify([one.config, one.schemas]) === JSON.stringify([other.config, other.schemas]);
}

/** Compares everything but the tools and `taskQueue`, which is part of the tools. */
function sameSettings(one: LoadedGateway, other: LoadedGateway): boolean {
  const settings = ({ config }: LoadedGateway): string =>
    JSON.stringify({ ...config, tools: [], taskQueue: undefined });
  return settings(one) === settings(other);
}

/**
 * Rejects a tool whose namespace was given its connection only after the start: the tool would otherwise be called in
 * another cluster.
 * @throws McpTasksError `CONFIGURATION`
 */
function requireKnownNamespaces({ config, tools }: LoadedGateway, { config: started }: LoadedGateway): void {
  const unknown = tools.find(
    ({ namespace }) => namespace !== undefined && config.namespaces?.[namespace] && !started.namespaces?.[namespace],
  );
  if (unknown)
    throw new McpTasksError(
      'CONFIGURATION',
      `tool "${unknown.name}" uses namespace ${unknown.namespace}, whose connection was added after the start: restart the gateway`,
    );
}
