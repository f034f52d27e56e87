/**
 * The MCP Inspector's command-line clients: `inspector-cli`, which makes one call per process, and `mcpdo`, whose
 * daemon keeps connections open between commands. They need Node 22, so if the current Node is older, Node 22 comes
 * from the registry. A failed download fails the tests.
 * @module
 */
import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const VERSION = '2.12.0';
const exec = promisify(execFile);
/** The most one command may take, in milliseconds. */
const TIMEOUT = 60_000;

export interface Inspector {
  /** Runs one `mcpdo` command and returns the JSON it prints. @throws Error with its stderr if it fails */
  // eslint-disable-next-line typescript/no-explicit-any -- printed JSON, to be asserted on
  mcpdo(...args: string[]): Promise<any>;
  /** Runs `inspector-cli` once and returns the JSON it prints. @throws Error with its stderr if it fails */
  // eslint-disable-next-line typescript/no-explicit-any -- as above
  cli(...args: string[]): Promise<any>;
  /** Stops the daemon. */
  close(): Promise<void>;
}

/** @param dir where the Inspector keeps the files it would otherwise keep in the user's home */
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
