/** `serve --transport stdio`: its first answers, its end at any point of its start, and what reaches stdout. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, inject, it } from 'vitest';
import { cleanUpLocalServices, gone, serverOf, temporaryDirectory, until } from '../helpers/local-services.js';

afterEach(cleanUpLocalServices);

const path = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const inProcess = path('stdio-with-worker.mjs');

/** Puts the CLI that can be held up into `dir`, next to the real one. */
function slowTemporal(dir: string): string {
  const slow = join(dir, 'slow-temporal.sh');
  if (existsSync(slow)) return slow;
  copyFileSync(path('slow-temporal.sh'), slow);
  symlinkSync(inject('temporalCli'), join(dir, 'real'));
  return slow;
}

/* eslint-disable typescript/no-explicit-any -- the wire, to be asserted on */
class Server {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  readonly lines: string[] = [];
  log = '';
  #lastId = 0;

  constructor(
    readonly dir: string,
    args: readonly string[] = [main, 'serve', path('tools.mjs'), '--transport', 'stdio', '--worker'],
    cli = slowTemporal(dir),
  ) {
    const { TEMPORAL_ADDRESS: _, ...env } = process.env;
    this.child = spawn(process.execPath, args, {
      cwd: dir,
      env: {
        ...env,
        TEMPORAL_CLI_PATH: cli,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    servers.add(this);
    this.ended = once(this.child, 'exit');
    this.child.stderr?.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.lines.push(line));
  }

  /** Lets the Temporal CLI get past one of its gates. */
  async open(gate: 'version' | 'server'): Promise<void> {
    await writeFile(join(this.dir, `gate-${gate}`), '');
  }

  async ask(method: string, params: object = {}): Promise<any> {
    const id = ++this.#lastId;
    this.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    const answer = (): any => this.lines.map((line) => JSON.parse(line)).find((message) => message.id === id);
    await until(() => answer() !== undefined, `an answer to ${method}`, 60_000);
    return answer();
  }

  async initialize(): Promise<any> {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
    return await this.ask('initialize', params);
  }

  /** Ends like a client that is gone: nothing is written or read any more. */
  hangUp(): void {
    for (const pipe of [this.child.stdin, this.child.stdout, this.child.stderr]) pipe?.destroy();
  }
}

const servers = new Set<Server>();
afterEach(async () => {
  for (const server of servers) {
    // Not killed: its worker would outlive it for a moment, and could start Temporal again.
    server.hangUp();
    await server.ended;
  }
  servers.clear();
});

it('answers before Temporal has started; calls wait for it, and say so if that takes too long', async () => {
  const server = new Server(await temporaryDirectory());
  expect((await server.initialize()).result.protocolVersion).toBe('2025-11-25');
  const { tools } = (await server.ask('tools/list')).result;
  expect(tools.map(({ name }: { name: string }) => name)).toContain('wait_for_file');
  expect((await server.ask('tasks/list')).error).toMatchObject({
    code: -32603,
    message: expect.stringMatching(
      /^Temporal is still starting on this machine \(.*\)\. Nothing was changed; try again/,
    ),
    data: { retryable: true },
  });
  const called = server.ask('tools/call', { name: 'wait_for_file', arguments: { file: main } });
  await Promise.all([server.open('version'), server.open('server')]);
  expect((await called).result.structuredContent).toEqual({ file: main, attempt: 1 });
});

it.each([
  ['a Temporal CLI is looked for', ''],
  ['Temporal starts', 'server.json'],
])('ends when the client hangs up while %s, and leaves nothing behind', async (_, sign) => {
  const dir = await temporaryDirectory();
  const server = new Server(dir);
  if (sign !== '') await server.open('version');
  await server.initialize();
  const temporal = join(dir, '.mcp-tasks', 'temporal');
  await until(() => existsSync(join(temporal, sign)), 'the start');
  const started = sign === '' ? undefined : serverOf(temporal);
  server.hangUp();
  expect(await server.ended).toEqual([0, null]);
  expect(server.log).not.toMatch(/^undefined$/m);
  expect(existsSync(join(temporal, 'lock'))).toBe(false);
  await until(() => !started || gone(started), 'the end of Temporal');
  // The next start finds everything free.
  const next = new Server(dir);
  await Promise.all([next.open('version'), next.open('server')]);
  await next.initialize();
  expect((await next.ask('tasks/list')).result.tasks).toEqual([]);
});

it('an author’s server ends too when its client hangs up while its worker is being created', async () => {
  const server = new Server(await temporaryDirectory(), [inProcess], inject('temporalCli'));
  await server.initialize();
  server.child.stdin?.end();
  expect(await server.ended).toEqual([0, null]);
  expect(server.log).not.toMatch(/Error/);
});

it.each([
  ['the command', [main, 'serve', path('noisy-tools.mjs'), '--transport', 'stdio', '--worker'], 'noise of a tool'],
  ['a server with its worker in the same process', [inProcess], ''],
])('%s writes nothing but the protocol to stdout, also when Temporal has died', async (_, args, noise) => {
  const dir = await temporaryDirectory();
  const server = new Server(dir, args, inject('temporalCli'));
  await server.initialize();
  await server.ask('tools/call', { name: 'wait_for_file', arguments: { file: main } });
  const { pid } = serverOf(join(dir, '.mcp-tasks', 'temporal'));
  process.kill(pid, 'SIGKILL');
  // Temporal's native part notices, and says so.
  await until(() => /retried|poll/i.test(server.log), 'a log line about the lost connection', 60_000);
  for (const line of server.lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  expect(server.log).toContain(noise);
});
