/** Finds the Temporal server to connect to: the configured one, or else a dev server for this directory. @module */
import { existsSync } from 'node:fs';
import type { TLSConfig } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Durability } from '../../local/durability.js';
import { McpTasksError } from '../../task/errors.js';
// Not only when it is needed: its locks watch for signals, and what watches first sees the handlers of the program. Loaded
// after them, it would take a handler set with `once` for none, and end the process.
import { acquireDevServer } from '../dev-server/index.js';
import { addressProblem, headerProblem, pathProblem } from './settings.js';

/**
 * Options take precedence over their environment variables, which take precedence over the profile in the configuration
 * file.
 */
export interface TemporalOptions {
  /**
   * Host and port of a running Temporal server.
   * @default TEMPORAL_ADDRESS or the profile's; if there is none, a dev server is used
   */
  readonly address?: string | undefined;
  /**
   * The namespace. On a dev server, it is created if missing.
   * @default TEMPORAL_NAMESPACE, the profile's, or 'default'
   */
  readonly namespace?: string | undefined;
  /** Whether and how to use TLS. @default the TEMPORAL_TLS variables, or the profile's; true if there is an API key */
  readonly tls?: TLSConfig | boolean | undefined;
  /** The API key. @default TEMPORAL_API_KEY, or the profile's */
  readonly apiKey?: string | undefined;
  /** The profile to use from the configuration file. @default TEMPORAL_PROFILE, or 'default' */
  readonly profile?: string | undefined;
  /** The path of a `temporal.toml`. @default TEMPORAL_CONFIG_FILE, or Temporal's standard location */
  readonly configFile?: string | undefined;
  /**
   * Whether environment variables take precedence over the profile. If `false`, only `TEMPORAL_PROFILE` and
   * `TEMPORAL_CONFIG_FILE` are used, because they select the profile.
   * @default true
   */
  readonly environment?: boolean | undefined;
  /** Where a dev server keeps its files. @default '.mcp-tasks' */
  readonly dir?: string | undefined;
  /**
   * Whether a dev server also serves Temporal's web UI, to this machine only. Whoever can open it can read and change
   * every workflow.
   * @default false
   */
  readonly ui?: boolean | undefined;
  /**
   * What the data of a dev server survives: `'full'`, also a power cut; `'normal'`, the end of any process, while a power
   * cut may lose the last half minute; `'memory'`, nothing, not even the end of the server. Whoever starts it decides.
   * @default 'full'
   */
  readonly durability?: Durability | undefined;
  /**
   * Receives a line for each notable event while a dev server is found and started. `about` is `address` if the line
   * gives an address of the ready server.
   */
  readonly log?: ((line: string, about?: 'address') => void) | undefined;
  /** Stops waiting for a dev server when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** Connection options for both `Connection` of `@temporalio/client` and `NativeConnection` of `@temporalio/worker`. */
export interface TemporalConnectionOptions {
  readonly address: string;
  readonly tls?: TLSConfig | boolean;
  readonly apiKey?: string;
  readonly metadata?: Record<string, string>;
}

/** The Temporal server in use: a configured one, or a dev server. */
export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  readonly connectionOptions: TemporalConnectionOptions;
  /** Whether the address was configured. If not, it is that of a dev server. */
  readonly explicit: boolean;
  /** The URL of the dev server's web UI, if it serves one. */
  readonly uiUrl?: string | undefined;
  /** Releases the dev server, which stops with its last user. Does nothing for a configured address. */
  release(): Promise<void>;
}

/**
 * Resolves the Temporal server to connect to. If an address is configured, it is always used and nothing is started.
 * Otherwise joins or starts the dev server of `dir`.
 * @throws McpTasksError `CONFIGURATION` if a setting, the configuration file, the profile or a certificate cannot be
 * used, `LOCAL_SERVICE` if a dev server is unavailable
 * @example
 * const target = await resolveTemporalTarget({ address: 'temporal.internal:7233', namespace: 'etl' });
 * const client = temporalClient(target);
 */
export async function resolveTemporalTarget(options: TemporalOptions = {}): Promise<TemporalTarget> {
  const configured = loadConfiguration(options);
  const { address, namespace } = configuredIn(options, configured);
  if (address) return explicitTarget(address, namespace, options, configured);

  const { dir = '.mcp-tasks', ui, durability, log = () => {}, signal } = options;
  const server = await acquireDevServer({ dir, ui, durability, log, signal });
  try {
    const { ensureNamespace } = await import('../dev-server/namespace.js');
    await ensureNamespace(server.address, namespace);
  } catch (error) {
    await server.release();
    throw error;
  }
  return {
    address: server.address,
    namespace,
    // Use nothing from the profile: its key and certificates are for another server.
    connectionOptions: { address: server.address },
    explicit: false,
    uiUrl: server.uiUrl,
    release: server.release,
  };
}

/**
 * Returns the settings that {@link resolveTemporalTarget} uses, without contacting Temporal. If there is no address, it
 * would use a dev server.
 * @throws McpTasksError `CONFIGURATION`
 */
export function configuredTarget(options: TemporalOptions): {
  readonly address: string | undefined;
  readonly namespace: string;
} {
  return configuredIn(options, loadConfiguration(options));
}

function configuredIn(
  { address, namespace }: TemporalOptions,
  configured: Configuration,
): ReturnType<typeof configuredTarget> {
  return {
    address: address?.trim() || configured.connectionOptions.address,
    namespace: namespace || configured.namespace || 'default',
  };
}

type Configuration = ReturnType<typeof loadClientConnectConfig>;

function explicitTarget(
  address: string,
  namespace: string,
  options: TemporalOptions,
  { connectionOptions: configured }: Configuration,
): TemporalTarget {
  const apiKey = (options.apiKey || configured.apiKey)?.trim();
  const tls = options.tls ?? configured.tls ?? (apiKey ? true : undefined);
  const metadata = configured.metadata as Record<string, string> | undefined;
  refuse('address (TEMPORAL_ADDRESS)', addressProblem(address));
  refuse('API key (TEMPORAL_API_KEY)', headerProblem(apiKey ?? ''));
  for (const [name, value] of Object.entries(metadata ?? {}))
    refuse(`header ${name} (TEMPORAL_GRPC_META_…)`, headerProblem(value));
  return {
    address,
    namespace,
    connectionOptions: {
      address,
      ...(tls === undefined || tls === null ? {} : { tls }),
      ...(apiKey ? { apiKey } : {}),
      ...(metadata ? { metadata } : {}),
    },
    explicit: true,
    release: async () => {},
  };
}

function loadConfiguration(options: TemporalOptions): Configuration {
  const env = environment();
  const file = options.configFile || env['TEMPORAL_CONFIG_FILE'];
  refuse('configuration file (TEMPORAL_CONFIG_FILE)', pathProblem(file ?? ''));
  const disableEnv = options.environment === false;
  if (!disableEnv) for (const name of PATHS) refuse(`path in ${name}`, pathProblem(env[name] ?? ''));
  // The library would treat a missing file as empty, and a dev server would replace the intended cluster.
  if (file && !existsSync(file)) {
    throw new McpTasksError('CONFIGURATION', `The Temporal configuration file ${file} does not exist.`);
  }
  try {
    return loadClientConnectConfig({
      overrideEnvVars: env,
      disableEnv,
      ...(options.profile ? { profile: options.profile } : {}),
      ...(file ? { configSource: { path: file } } : {}),
    });
  } catch (error) {
    // Leave out the cause: the library's errors contain lines of the file, and values that were given instead of paths.
    throw new McpTasksError(
      'CONFIGURATION',
      `Cannot load the Temporal configuration (${file ?? 'environment and default file'}): ${reasonOf(error)}`,
    );
  }
}

/** Variables that contain file paths. */
const PATHS = [
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
] as const;

function refuse(what: string, problem: string | undefined): void {
  if (problem !== undefined) throw new McpTasksError('CONFIGURATION', `Invalid Temporal ${what}: ${problem}.`);
}

/** Returns why the library failed, without the contents of the file. */
function reasonOf(error: unknown): string {
  // The library throws this if the file has no profile at all.
  if (error instanceof TypeError) return 'it has no [profile.…] table';
  const { message, line, column, path } = error as Error & { line?: number; column?: number; path?: string };
  if (line !== undefined) return `line ${line}, column ${column}: ${message.split('\n')[0]}`;
  return (path === undefined ? undefined : pathProblem(path)) ?? message;
}

/**
 * Returns the environment variables for the library. Leaves out empty ones, because they count as unset, as in compose
 * files. Trims the end of values, because those read from files end with a line break.
 */
function environment(): Record<string, string> {
  const emptyCounts = /^TEMPORAL_GRPC_META_/;
  const given = Object.entries(process.env).map(
    ([name, value = '']) => [name, name.startsWith('TEMPORAL_') ? value.trimEnd() : value] as const,
  );
  return Object.fromEntries(given.filter(([name, value]) => value !== '' || emptyCounts.test(name)));
}
