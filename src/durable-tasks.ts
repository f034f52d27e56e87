/**
 * The connection that a server author opens once and serves from. Independent of any SDK: the `DurableTasks` class for
 * each SDK holds one. @module
 */
import { resolve } from 'node:path';
import type { ConnectionLike, DataConverter } from '@temporalio/client';
import { keyFile } from './local/key-file.js';
import { stderrLogger, type Logger } from './local/log.js';
import { Cancellations } from './mcp/request/cancellations.js';
import { Followers } from './mcp/push/followers.js';
import type { OwnerRule } from './mcp/request/owner.js';
import { limitsOf, type Limits } from './mcp/quota/limits.js';
import { Quota } from './mcp/quota/quota.js';
import type { LimitOptions } from './mcp/quota/table.js';
import type { TaskService } from './mcp/service.js';
import { ClientRequests } from './mcp/sessions/client-requests.js';
import { afterFirstMessage, type Sender } from './mcp/sessions/first-message.js';
import { SessionStreams } from './mcp/push/session-streams.js';
import { ToolSet } from './mcp/tools/tool-set.js';
import { VERSIONS } from './protocol/registry.js';
import type { ProtocolVersion } from './protocol/version.js';
import { milliseconds, type Duration } from './task/duration.js';
import { isMcpTasksError, McpTasksError } from './task/errors.js';
import { Keyring } from './task/keyring.js';
import { DEFAULT_TASK_QUEUE } from './task/names.js';
import { LateEngine } from './temporal/late/late-engine.js';
import { LateStart } from './temporal/late/late-start.js';
import { LateTarget } from './temporal/late/late-target.js';
import { Namespaces, type TaskEngine } from './temporal/namespaces.js';
import type { OpenOptions } from './temporal/open-engine.js';
import type { Engine as PublicEngine } from './temporal/public-engine.js';
import {
  configuredTarget,
  resolveTemporalTarget,
  type TemporalOptions,
  type TemporalTarget,
} from './temporal/connection/target.js';
import type { DurableTool } from './tool/define-tool.js';

/** The defaults of {@link DurableTasksOptions.limits}, for those who describe them. */
export { SHARED as SHARED_LIMITS, SINGLE as SINGLE_LIMITS, type SharedRow, type SingleRow } from './mcp/quota/table.js';

/** The options of `DurableTasks.connect`. */
export interface DurableTasksOptions {
  /** The durable tools, as `defineTool` made them. */
  readonly tools: readonly DurableTool[];
  /** Which Temporal server to use. @default the one named in the environment, or a dev server under `.mcp-tasks` */
  readonly temporal?: TemporalOptions;
  /**
   * Connection options for the namespaces that tools name, merged over `temporal`. Required, even if empty, when a tool
   * names a namespace.
   */
  readonly namespaces?: Readonly<Record<string, TemporalOptions>>;
  /** The task queue of tools that do not name one. @default 'mcp-tasks' */
  readonly taskQueue?: string;
  /**
   * The secret that binds task IDs to owners: at least 32 characters, the same on all replicas. Previous keys may
   * follow, separated by commas.
   * @default MCP_TASKS_KEY, or a key file next to the dev server's data
   */
  readonly key?: string;
  /**
   * Returns the owner of a request's tasks.
   * @default the token's issuer and subject; over stdio, the user running the process; without a token, one anonymous
   * owner that all requests share and that cannot list tasks
   */
  readonly owner?: OwnerRule;
  /**
   * What a client without task support gets when a call takes longer than `handleAfter`. `'await'` keeps it waiting.
   * `'handle'` answers with the task's handle and instructions for following up, and adds the tools `task_wait`,
   * `task_cancel` and, if the server can tell callers apart, `task_list`. A tool's own `fallback` takes precedence.
   * @default 'await'
   */
  readonly fallback?: 'await' | 'handle';
  /**
   * How long such a call waits, and the longest wait of `task_wait`. Keep it below the clients' own timeout, often
   * 60 s.
   * @default '45 seconds'
   */
  readonly handleAfter?: Duration;
  /** How long tasks stay readable, counted from their creation. */
  readonly ttl?: {
    /**
     * The ttl of tasks if neither call nor tool sets one. `null` keeps them as long as Temporal keeps the workflow.
     * @default '24 hours'
     */
    readonly default?: Duration | null;
    /** The longest ttl a call may ask for. @default '30 days' */
    readonly max?: Duration;
  };
  /**
   * What happens to a task that is still running when its ttl passes. `'keep'` lets it finish. `'cancel'` cancels it,
   * with the usual clean-up. Temporal does this, even if no server is running. A tool's own `onTtl` takes precedence.
   * @default 'keep'
   */
  readonly onTtl?: 'keep' | 'cancel';
  /**
   * How long a finished task stays readable, even after its ttl has passed. Temporal's retention limits it.
   * @default '1 hour'
   */
  readonly resultRetention?: Duration;
  /**
   * Whether to delete the closed workflows of expired tasks from Temporal, every hour, instead of leaving that to
   * Temporal's retention. One Temporal Schedule for all servers of the task queue does this, on a worker with the
   * shipped workflows. Only tasks that were started with this option are deleted.
   * @default false
   */
  readonly deleteExpired?: boolean;
  /** How often clients should poll. @default '1 second' */
  readonly pollInterval?: Duration;
  /**
   * The maximum number of concurrent long polls to Temporal, per namespace. All waits of this process share them.
   * @default 300
   */
  readonly maxLongPolls?: number;
  /**
   * How much callers may use: running tasks, starts, requests about tasks, open streams and bytes, for each owner and
   * for all of this server process. See `docs/limits.md`.
   * @default see each limit
   */
  readonly limits?: LimitOptions;
  /**
   * Whether `DurableTasks.connect` returns before a dev server has started and Temporal's client is loaded. An MCP
   * server can then answer its client at once, as hosts expect over stdio: it lists tools, and calls wait for Temporal.
   * Over stdio, the start begins once the client has its first answer.
   * @default false
   */
  readonly startInBackground?: boolean;
  /** The workers' data converter, or a function that returns the one for a namespace. */
  readonly dataConverter?: DataConverter | ((namespace: string) => DataConverter | undefined);
  /** @default JSON lines on stderr */
  readonly logger?: Logger;
}

/** The folder that holds the state of a server without configuration. */
const DEFAULT_DIR = '.mcp-tasks';

/** The operations that the `DurableTasks` of both SDKs share, apart from serving. */
export interface TasksConnection {
  /** Operates on tasks directly, without MCP. */
  readonly engine: PublicEngine;
  /** The task queue of tools that do not name one. */
  readonly taskQueue: string;
  /** The Temporal in use. A worker in the same process shares it. Its address is known once {@link ready} resolves. */
  readonly temporal: TemporalTarget;
  readonly dataConverter: DataConverter | undefined;
  /** The tools served now. */
  readonly tools: readonly DurableTool[];
  /**
   * Serves these tools from now on, in place of the previous ones. Tasks of the previous tools continue and stay
   * readable. Notifies clients that listen for tool changes.
   * @throws McpTasksError `CONFIGURATION` if the tools conflict, `LOCAL_SERVICE` if a namespace's dev server is
   * unavailable; the tools then stay as they were
   */
  useTools(tools: readonly DurableTool[]): Promise<void>;
  /**
   * Resolves when Temporal has started; without `startInBackground`, at once.
   * @throws McpTasksError `LOCAL_SERVICE` if it cannot be started
   */
  ready(): Promise<void>;
  /**
   * Starts the tasks of short tools on a worker's connection from now on, so that Temporal can return the first
   * workflow task in its response to the start. Returns a function that stops this. Call it before the connection
   * closes.
   */
  hasWorker(connection: ConnectionLike): () => void;
  /**
   * Makes {@link close} call `stop` first, because a worker that shares this connection must stop before it closes.
   */
  beforeClose(stop: () => Promise<void>): void;
  /**
   * Stops the workers that share this connection, ends all waits, closes the connection and releases the dev server.
   * Tasks continue.
   */
  close(): Promise<void>;
}

/** The part of `DurableTasks` that both SDKs share: the connection, and what the handlers need. */
export class TasksCore implements TasksConnection {
  readonly engine: PublicEngine;
  readonly taskQueue: string;
  readonly temporal: TemporalTarget;
  readonly dataConverter: DataConverter | undefined;
  readonly service: TaskService;
  readonly ownerRule: OwnerRule | undefined;
  readonly #keyIsShared: boolean;
  readonly #namespaces: readonly string[];
  /** Resolves with the engine once Temporal is ready. */
  readonly #opened: Promise<TaskEngine>;
  /** The start in the background, if there is one. */
  readonly #start: LateStart | undefined;
  readonly #stops = new Set<() => Promise<void>>();
  readonly #closing: AbortController;
  #servesStdio = false;
  #closed: Promise<void> | undefined;

  constructor({
    options,
    times,
    limits,
    versions,
    tools,
    logger,
    keys,
    keyIsShared,
    temporal,
    engine,
    opened,
    start,
    closing,
  }: Connected) {
    this.dataConverter = dataConverterOf(options, temporal.namespace);
    this.ownerRule = options.owner;
    this.#keyIsShared = keyIsShared;
    this.#namespaces = Object.keys(options.namespaces ?? {});
    this.temporal = temporal;
    this.taskQueue = options.taskQueue ?? DEFAULT_TASK_QUEUE;
    this.#start = start;
    this.#closing = closing;
    this.#opened = opened;
    const followers = new Followers({ engine, keys, logger, pollInterval: times.pollInterval });
    this.engine = engine;
    const quota = new Quota({
      limits,
      logger,
      pollInterval: times.pollInterval,
      count: async (owner, before) => await engine.countRunning(owner, before),
    });
    this.service = {
      engine,
      versions,
      tools,
      keys,
      followers,
      sessions: new SessionStreams(followers, limits.sessionBytes),
      quota,
      cancellations: new Cancellations(),
      clientRequests: new ClientRequests(),
      logger,
      onTtl: options.onTtl ?? 'keep',
      ...times,
    };
  }

  get tools(): readonly DurableTool[] {
    return [...this.service.tools.values()];
  }

  async useTools(tools: readonly DurableTool[]): Promise<void> {
    await openNamespaces(await this.#opened, this.#namespaces, tools);
    this.service.tools.replace(tools);
  }

  async ready(): Promise<void> {
    // Over stdio, the client's first answer begins the start.
    if (!this.#servesStdio) this.#start?.begin();
    await this.#opened;
  }

  /** Lets a start in the background begin once the client has its first answer. */
  servesStdio(transport: Sender): void {
    this.#servesStdio = true;
    afterFirstMessage(transport, () => this.#start?.begin());
  }

  /**
   * Lets a start in the background begin.
   * @throws McpTasksError `CONFIGURATION` on your own cluster without a key, because replicas would not recognize each
   * other's tasks
   */
  servesHttp(): void {
    if (this.temporal.explicit && !this.#keyIsShared) {
      throw new McpTasksError(
        'CONFIGURATION',
        'set MCP_TASKS_KEY (or the `key` option) to the same value on all replicas. Generate one with `openssl rand -base64 32`',
      );
    }
    this.#start?.begin();
  }

  /** Closes this connection when stdin closes: over stdio the process has only one client. */
  closeWithStdin(): void {
    process.stdin.once('close', () => {
      this.close().catch((error: unknown) => this.service.logger.error({ err: error }, 'closing failed'));
    });
  }

  hasWorker(connection: ConnectionLike): () => void {
    return this.service.engine.hasWorker(connection);
  }

  beforeClose(stop: () => Promise<void>): void {
    this.#stops.add(stop);
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.service.quota.close();
    // Nothing that is being stopped should still wait for the start.
    this.#start?.giveUp();
    try {
      await Promise.all([...this.#stops].map(async (stop) => await stop()));
      await this.service.followers.close();
      await this.engine.close();
    } finally {
      await this.temporal.release();
    }
  }
}

interface Connected {
  readonly options: DurableTasksOptions;
  readonly limits: Limits;
  readonly times: Pick<TaskService, 'pollInterval' | 'defaultTtl' | 'longestTtl'>;
  readonly versions: readonly ProtocolVersion[];
  readonly tools: ToolSet;
  readonly logger: Logger;
  readonly keys: Keyring;
  readonly keyIsShared: boolean;
  readonly temporal: TemporalTarget;
  readonly engine: TaskEngine;
  readonly opened: Promise<TaskEngine>;
  readonly start?: LateStart;
  /** Aborted when the connection closes. */
  readonly closing: AbortController;
}

function dataConverterOf({ dataConverter }: DurableTasksOptions, namespace: string): DataConverter | undefined {
  return typeof dataConverter === 'function' ? dataConverter(namespace) : dataConverter;
}

/** Opens the namespaces of the options and of the tools, so that their tasks can be read as well as started. */
async function openNamespaces(
  engine: TaskEngine,
  namespaces: readonly string[],
  tools: Iterable<DurableTool>,
): Promise<void> {
  if (engine instanceof Namespaces) await engine.open([...namespaces, ...[...tools].map(({ namespace }) => namespace)]);
}

/**
 * Returns the keys in `MCP_TASKS_KEY`; `undefined` if it is not set.
 * @throws McpTasksError `CONFIGURATION` that names the variable if a key is weak
 */
function environmentKeys(): Keyring | undefined {
  const text = process.env['MCP_TASKS_KEY'];
  // Compose files pass an empty variable for "not set".
  if (!text) return undefined;
  try {
    return Keyring.parse(text);
  } catch (error) {
    if (!isMcpTasksError(error, 'CONFIGURATION')) throw error;
    throw new McpTasksError('CONFIGURATION', `MCP_TASKS_KEY: ${error.message}`, { cause: error });
  }
}

/**
 * Finds or starts Temporal, and connects to it.
 * @param versions the protocol versions to serve
 * @throws McpTasksError `CONFIGURATION` for invalid options, `LOCAL_SERVICE` if Temporal is unavailable
 */
export async function connectTasks(
  options: DurableTasksOptions,
  versions: readonly ProtocolVersion[] = VERSIONS,
): Promise<TasksCore> {
  const times = timesOf(options);
  const limits = limitsOf(options.limits);
  checkLifetime(options);
  const budget = milliseconds(options.handleAfter ?? '45 seconds', 'handleAfter');
  const fallback = { kind: options.fallback ?? 'await', budget };
  const tools = new ToolSet(options.tools, fallback, versions);
  const logger = options.logger ?? stderrLogger();
  const dir = resolve(options.temporal?.dir ?? DEFAULT_DIR);
  const given = options.key === undefined ? environmentKeys() : Keyring.parse(options.key);
  const keys = given ?? Keyring.parse(await keyFile(dir, (line) => logger.warn({}, line)));
  const closing = new AbortController();
  const open = async (temporal: TemporalTarget): Promise<TaskEngine> => {
    const { openEngine } = await import('./temporal/open-engine.js');
    const engine = openEngine(temporal, openOptions(options, { keys, logger, closing: closing.signal }));
    await openNamespaces(engine, Object.keys(options.namespaces ?? {}), tools.values());
    return engine;
  };
  const target = { log: (line: string) => logger.info({}, line), ...options.temporal, dir };
  const keyIsShared = given !== undefined;
  const common = { options, times, limits, versions, tools, logger, keys, keyIsShared, closing };
  if (!options.startInBackground) {
    const temporal = await resolveTemporalTarget(target);
    const engine = await open(temporal);
    return new TasksCore({ ...common, temporal, engine, opened: Promise.resolve(engine) });
  }
  const start = new LateStart();
  // Report wrong settings at once. There is nothing to start if an address is configured.
  const temporal = configuredTarget(target).address
    ? await resolveTemporalTarget(target)
    : new LateTarget(target, start);
  const opened = start.begun.then(
    async () => await open(temporal instanceof LateTarget ? await temporal.ready : temporal),
  );
  opened.catch(() => undefined);
  return new TasksCore({ ...common, temporal, engine: new LateEngine({ opened, keys, start }), opened, start });
}

function openOptions(
  options: DurableTasksOptions,
  { keys, logger, closing }: Pick<Connected, 'keys' | 'logger'> & Pick<OpenOptions, 'closing'>,
): OpenOptions {
  const { maxLongPolls, resultRetention, deleteExpired, temporal, namespaces } = options;
  return {
    engine: {
      keys,
      taskQueue: options.taskQueue ?? DEFAULT_TASK_QUEUE,
      ...(maxLongPolls === undefined ? {} : { maxLongPolls }),
      ...(resultRetention === undefined ? {} : { resultRetention }),
      ...(deleteExpired === undefined ? {} : { deleteExpired }),
    },
    temporal,
    namespaces,
    dataConverter: (namespace) => dataConverterOf(options, namespace),
    logger,
    closing,
  };
}

/** Checks what the types do not enforce in JavaScript, before anything is opened. */
function checkLifetime({ onTtl = 'keep', resultRetention = '1 hour' }: DurableTasksOptions): void {
  milliseconds(resultRetention, 'resultRetention');
  if (onTtl !== 'keep' && onTtl !== 'cancel')
    throw new McpTasksError('CONFIGURATION', "`onTtl` must be 'keep' or 'cancel'");
}

function timesOf({ ttl = {}, pollInterval = '1 second' }: DurableTasksOptions): Connected['times'] {
  const { default: defaultTtl = '24 hours', max = '30 days' } = ttl;
  return {
    pollInterval: milliseconds(pollInterval, 'pollInterval'),
    defaultTtl: defaultTtl === null ? null : milliseconds(defaultTtl, 'ttl.default'),
    longestTtl: milliseconds(max, 'ttl.max'),
  };
}
