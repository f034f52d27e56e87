/** What a server over stdio loads before its first answer: neither Temporal's client nor the packages below it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { cleanUpLocalServices, temporaryDirectory } from '../helpers/local-services.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const GATEWAY_FILE = 'mcp-tasks.yaml';
/** Loading these takes longer than everything else before the first answer. */
const HEAVY = ['@temporalio/client', '@temporalio/proto', '@grpc/grpc-js', 'protobufjs'];

class Server {
  readonly #child: ChildProcess;
  readonly #messages: Interface;
  readonly #log: Interface;
  #lastId = 0;

  constructor(dir: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    const { TEMPORAL_ADDRESS: _, ...inherited } = process.env;
    this.#child = spawn(process.execPath, ['--import', fixture('loaded-modules.mjs'), ...args], {
      cwd: dir,
      env: { ...inherited, TEMPORAL_CLI_PATH: inject('temporalCli'), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#messages = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    this.#log = createInterface({ input: this.#child.stderr as NodeJS.ReadableStream });
  }

  /** Returns the answer to a request, and the packages that are loaded when it is written, also just the heavy ones. */
  async ask(
    method: string,
    params: object,
  ): Promise<{ readonly answer: object; readonly packages: readonly string[]; readonly heavy: readonly string[] }> {
    const id = ++this.#lastId;
    const loaded = this.#nextLoaded();
    const answer = once(this.#messages, 'line') as Promise<[string]>;
    this.#child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    const [line] = await answer;
    const packages = await loaded;
    return { answer: JSON.parse(line) as object, packages, heavy: HEAVY.filter((name) => packages.includes(name)) };
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    for (const pipe of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) pipe?.destroy();
    await ended;
  }

  async #nextLoaded(): Promise<readonly string[]> {
    return await new Promise((resolve) => {
      const read = (line: string): void => {
        if (!line.startsWith('{"loaded":')) return;
        this.#log.off('line', read);
        resolve((JSON.parse(line) as { loaded: string[] }).loaded);
      };
      this.#log.on('line', read);
    });
  }
}

const servers: Server[] = [];

/** Starts a server in a directory of its own, which has a gateway file. */
async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Server> {
  const dir = await temporaryDirectory();
  await writeFile(join(dir, GATEWAY_FILE), 'taskQueue: etl\ntools:\n- { name: load, workflow: NightlyLoad }\n');
  const server = new Server(dir, args, env);
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.end();
  await cleanUpLocalServices();
});

const stdio = ['--transport', 'stdio'];
const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

describe('before its first answer, a server over stdio does not load the Temporal client', () => {
  it.each([
    ['the command with the reference tools', [main, 'serve', ...stdio]],
    ['the command with a module of tools', [main, 'serve', fixture('tools.mjs'), ...stdio]],
    ['the command with a gateway file', [main, 'serve', GATEWAY_FILE, ...stdio]],
    ['a server of one’s own', [fixture('stdio-server.mjs'), '--start-in-background']],
    ['a server of one’s own with the v1 SDK', [fixture('stdio-v1-server.mjs'), '--start-in-background']],
  ])('%s', async (_, args) => {
    const server = await start(args);
    const { answer, heavy } = await server.ask('initialize', initialize);
    expect(answer).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
    expect(heavy).toEqual([]);
    // The start has begun by itself. This also shows that the packages would be noticed.
    await expect.poll(async () => (await server.ask('ping', {})).heavy).toEqual(HEAVY);
  });

  it.each(['server/discover', 'tools/list'])('%s in 2026-07-28', async (method) => {
    const server = await start([main, 'serve', ...stdio]);
    const { answer, packages, heavy } = await server.ask(method, { _meta });
    expect(answer).toHaveProperty('result');
    expect(heavy).toEqual([]);
    // Nor do the definitions of the reference tools load the code that their workers run.
    expect(packages).not.toContain('@temporalio/activity');
  });

  it('with the address of a Temporal', async () => {
    const server = await start([main, 'serve', ...stdio], { TEMPORAL_ADDRESS: inject('temporalAddress') });
    expect((await server.ask('initialize', initialize)).heavy).toEqual([]);
    const { answer, heavy } = await server.ask('tasks/list', {});
    expect(answer).toMatchObject({ result: { tasks: [] } });
    expect(heavy).toEqual(HEAVY);
  });

  it('with keys for encryption', async () => {
    const key = randomBytes(32).toString('base64');
    const server = await start([main, 'serve', ...stdio], { MCP_TASKS_ENCRYPTION_KEYS: `first:${key}` });
    expect((await server.ask('initialize', initialize)).heavy).toEqual([]);
  });
});
