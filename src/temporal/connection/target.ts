/** Which Temporal to talk to: the one the user names, or else a dev server of this directory. @module */
import { existsSync } from 'node:fs';
import type { TLSConfig } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { McpTasksError } from '../../task/errors.js';
import { acquireDevServer } from '../dev-server/index.js';
import { ensureNamespace } from '../dev-server/namespace.js';
import { addressProblem, headerProblem, pathProblem } from './settings.js';

/** Each option wins over its environment variable, and that over the profile of the configuration file. */
export interface TemporalOptions {
  /** Host and port of a running Temporal. @default TEMPORAL_ADDRESS, or the profile's; if none, a dev server is used */
  readonly address?: string | undefined;
  /** On a dev server it is made if missing. @default TEMPORAL_NAMESPACE, the profile's, or 'default' */
  readonly namespace?: string | undefined;
  /** @default TEMPORAL_TLS and its kin, or the profile's; with an API key true */
  readonly tls?: TLSConfig | boolean | undefined;
  /** @default TEMPORAL_API_KEY, or the profile's */
  readonly apiKey?: string | undefined;
  /** The profile of the configuration file. @default TEMPORAL_PROFILE, or 'default' */
  readonly profile?: string | undefined;
  /** The path of a `temporal.toml`. @default TEMPORAL_CONFIG_FILE, or Temporal's usual place */
  readonly configFile?: string | undefined;
  /** Whether variables of the environment win over the profile; `TEMPORAL_PROFILE` and `TEMPORAL_CONFIG_FILE` only name it. @default true */
  readonly environment?: boolean | undefined;
  /** Where a dev server keeps its files. @default '.mcp-tasks' */
  readonly dir?: string | undefined;
  /** Gets a line for each thing worth telling while a dev server is found and started. */
  readonly log?: ((line: string) => void) | undefined;
  /** Gives up waiting for a dev server. */
  readonly signal?: AbortSignal | undefined;
}

/** Fits `Connection` of `@temporalio/client` as well as `NativeConnection` of `@temporalio/worker`. */
export interface TemporalConnectionOptions {
  readonly address: string;
  readonly tls?: TLSConfig | boolean;
  readonly apiKey?: string;
  readonly metadata?: Record<string, string>;
}

export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  readonly connectionOptions: TemporalConnectionOptions;
  /** Whether the user named the address; otherwise it is a dev server's. */
  readonly explicit: boolean;
  /** The dev server's web UI. */
  readonly uiUrl?: string;
  /** Lets go of the dev server, which stops with its last user; nothing to do for an explicit address. */
  release(): Promise<void>;
}

/**
 * An explicit address always wins, and nothing is started then; otherwise the dev server of `dir` is joined or started.
 * @throws McpTasksError `CONFIGURATION` if file, profile or a certificate cannot be read, `LOCAL_SERVICE` if no dev
 *   server can be had
 */
export async function resolveTemporalTarget(options: TemporalOptions = {}): Promise<TemporalTarget> {
  const configured = loadConfiguration(options);
  const { address, namespace } = configuredIn(options, configured);
  if (address) return explicitTarget(address, namespace, options, configured);

  const { dir = '.mcp-tasks', log = () => {}, signal } = options;
  const server = await acquireDevServer({ dir, log, signal });
  try {
    await ensureNamespace(server.address, namespace);
  } catch (error) {
    await server.release();
    throw error;
  }
  return {
    address: server.address,
    namespace,
    // Nothing of the profile: its key and certificates are for another server.
    connectionOptions: { address: server.address },
    explicit: false,
    uiUrl: server.uiUrl,
    release: server.release,
  };
}

/**
 * What {@link resolveTemporalTarget} goes by, without looking for a Temporal; with no address that is a dev server.
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
  if (!disableEnv) for (const name of PATHS) refuse(`file in ${name}`, pathProblem(env[name] ?? ''));
  // Read as if it were empty otherwise, and a dev server would stand in for the cluster that was meant.
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
    // No cause: the library's errors hold lines of the file, and values in place of paths.
    throw new McpTasksError(
      'CONFIGURATION',
      `The Temporal configuration cannot be used (${file ?? "Temporal's usual configuration file"}): ${reasonOf(error)}`,
    );
  }
}

/** Variables that name files. */
const PATHS = [
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
] as const;

function refuse(what: string, problem: string | undefined): void {
  if (problem !== undefined)
    throw new McpTasksError('CONFIGURATION', `The ${what} of the Temporal connection cannot be used: ${problem}.`);
}

/** Why the library gave up, without what the file says. */
function reasonOf(error: unknown): string {
  // What it runs into when the file holds no profile at all.
  if (error instanceof TypeError) return 'it has no [profile.…] table';
  const { message, line, column, path } = error as Error & { line?: number; column?: number; path?: string };
  if (line !== undefined) return `line ${line}, column ${column}: ${message.split('\n')[0]}`;
  return (path === undefined ? undefined : pathProblem(path)) ?? message;
}

/**
 * The variables as the library reads them, where an empty one means that it is not set, as in compose files; those that come
 * from files end with a line break, which is no part of them.
 */
function environment(): Record<string, string> {
  const emptyCounts = /^TEMPORAL_GRPC_META_/;
  const given = Object.entries(process.env).map(
    ([name, value = '']) => [name, name.startsWith('TEMPORAL_') ? value.trimEnd() : value] as const,
  );
  return Object.fromEntries(given.filter(([name, value]) => value !== '' || emptyCounts.test(name)));
}
