/**
 * The command-line clients of the MCP Inspector, under the Node 22 that they need, this one or one from the registry:
 * `inspector-cli`, a call a process, and `mcpdo`, whose daemon holds connections between commands. A failed download fails
 * the tests.
 * @module
 */
import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const VERSION = '2.12.0';
const exec = promisify(execFile);
/** For one command, in milliseconds. */
const TIMEOUT = 60_000;

export interface Inspector {
  /** One `mcpdo` command; returns what it prints. @throws Error its own error */
  // eslint-disable-next-line typescript/no-explicit-any -- printed JSON, to be asserted on
  mcpdo(...args: string[]): Promise<any>;
  /** One run of `inspector-cli`. */
  // eslint-disable-next-line typescript/no-explicit-any -- as above
  cli(...args: string[]): Promise<any>;
  /** Stops the daemon. */
  close(): Promise<void>;
}

/** @param dir where the Inspector keeps what it would keep in the user's home */
export async function startInspector(dir: string): Promise<Inspector> {
  const newer = Number.parseInt(process.versions.node) >= 22 ? [] : ['-p', 'node@22'];
  const found = await exec('npx', [
    '-y',
    ...newer,
    '-p',
    `@modelcontextprotocol/inspector@${VERSION}`,
    '-c',
    'node -p process.execPath && command -v mcpdo',
  ]);
  const [node, bin] = found.stdout.trim().split('\n') as [string, string];
  const clients = dirname(dirname(dirname(await realpath(bin))));
  const env = {
    ...process.env,
    HOME: dir,
    MCP_STORAGE_DIR: dir,
    MCP_INSPECTOR_DAEMON_DIR: dir,
    MCP_INSPECTOR_SECRET_STORE: 'memory',
    MCP_AUTO_OPEN_ENABLED: 'false',
  };
  const run = async (script: string, args: string[]): Promise<unknown> => {
    const { stdout } = await exec(node, [join(clients, script), '--format', 'json', ...args], {
      env,
      cwd: dir,
      timeout: TIMEOUT,
    }).catch((error: { stderr?: string }) => {
      throw new Error(`${args.join(' ')}: ${error.stderr}`, { cause: error });
    });
    return JSON.parse(stdout);
  };
  return {
    mcpdo: async (...args) => await run('mcpdo/build/mcp-bin.js', args),
    cli: async (...args) => await run('cli/build/index.js', args),
    async close() {
      await run('mcpdo/build/mcp-bin.js', ['daemon', 'stop']);
    },
  };
}
