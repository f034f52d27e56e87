/** The optional peer packages that commands need. @module */
import { createRequire } from 'node:module';
import { McpTasksError } from '../task/errors.js';

const require = createRequire(import.meta.url);

/** The packages that serve MCP over HTTP or stdio. */
export const SERVER = ['@modelcontextprotocol/server'] as const;
/** The packages that run tools. */
export const WORKER = ['@temporalio/worker'] as const;

/**
 * Checks that a command's packages are installed, before it loads them.
 * @throws McpTasksError `CONFIGURATION` with the npm command that installs the missing ones
 */
export function requirePeers(command: string, names: readonly string[]): void {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  throw new McpTasksError(
    'CONFIGURATION',
    `\`${command}\` needs packages that are not installed. Run: ${npmInstall(missing)}`,
  );
}

/** Returns the line for an error that a missing package caused; `undefined` for any other error. */
export function missingPackage(error: unknown): string | undefined {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') return undefined;
  const [, specifier, importer] = /^Cannot find package '([^']+)' imported from (.+)$/.exec(error.message) ?? [];
  if (specifier === undefined) return undefined;
  const [name] = /^(@[^/]+\/)?[^/]+/.exec(specifier) ?? [specifier];
  return `The package "${name}" is not installed; ${importer} imports it. Run: ${npmInstall([name])}`;
}

/** Names the supported version of each peer, because npm would install the newest one. */
function npmInstall(names: readonly string[]): string {
  const { peerDependencies } = require('mcp-tasks-temporal/package.json') as {
    peerDependencies: Readonly<Record<string, string>>;
  };
  const packages = names.map((name) => (name in peerDependencies ? `"${name}@${peerDependencies[name]}"` : name));
  return `npm install ${packages.join(' ')}`;
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch (error) {
    // A package without an entry point for `require` still counts as installed.
    return (error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND';
  }
}
