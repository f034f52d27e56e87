/** Processes that hold shared servers, and directories for them. Each file that uses them has to clean up after each test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isRunning } from '../../src/local/process-identity.js';
import { stopServer } from '../../src/local/server-process.js';
import { homeOf } from '../../src/tools/postgres/home.js';

export const fixture = (name: string): string => fileURLToPath(new URL(`../local/fixtures/${name}`, import.meta.url));

const directories: string[] = [];
const holders: Holder[] = [];

/** Ends all holders and servers, and removes the directories. Use it in `afterEach`: files may share a process. */
export async function cleanUpLocalServices(): Promise<void> {
  for (const holder of holders.splice(0)) await holder.kill();
  for (const dir of directories.splice(0)) {
    // Some tests use the directory itself, others run a command in it.
    const places = [dir, join(dir, '.mcp-tasks')];
    const services = places.flatMap((place) => [place, join(place, 'temporal'), join(place, 'postgres')]);
    for (const service of services) await stopLeftover(service);
    // If run as root, PostgreSQL may keep its files elsewhere.
    for (const left of [...places.map((place) => homeOf(join(place, 'postgres'))), dir])
      // The worker of a killed command ends a moment later.
      await rm(left, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
  }
}

/** @param mode 0o755 lets the user that PostgreSQL runs as enter the directory when the tests run as root */
export async function temporaryDirectory(mode = 0o755): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-local-'));
  await chmod(dir, mode);
  directories.push(dir);
  return dir;
}

export interface Recorded {
  ports: Record<string, number>;
  server?: { pid: number; startedAt?: string; stopping?: boolean };
}

export function record(serviceDir: string): Recorded {
  return JSON.parse(readFileSync(join(serviceDir, 'server.json'), 'utf8')) as Recorded;
}

export function serverOf(serviceDir: string): { pid: number; startedAt?: string } {
  const { server } = record(serviceDir);
  if (!server) throw new Error(`No server is recorded in ${serviceDir}`);
  return server;
}

export function leases(serviceDir: string): string[] {
  return readdirSync(join(serviceDir, 'leases'));
}

async function stopLeftover(serviceDir: string): Promise<void> {
  let server: Recorded['server'];
  try {
    ({ server } = record(serviceDir));
  } catch {
    return;
  }
  if (server?.startedAt) await stopServer(server, { stopSignal: 'SIGKILL', stopTimeout: 5_000 });
}

export async function until(condition: () => boolean, what: string, timeout = 20_000): Promise<void> {
  const deadline = Date.now() + timeout;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Not within ${timeout} ms: ${what}`);
    await sleep(10);
  }
}

export const gone = (server: { pid: number; startedAt?: string }): boolean => !isRunning(server);

/** A process that acquires a shared server and holds it until told to let go. */
export class Holder {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #log = '';

  constructor(kind: 'echo' | 'temporal' | 'postgres', dir: string, env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [fixture('holder.mjs'), kind, dir], { env: { ...process.env, ...env } });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    if (!this.#child.stdout) throw new Error('The child has no output');
    this.#lines = createInterface({ input: this.#child.stdout });
    holders.push(this);
  }

  get log(): string {
    return this.#log;
  }

  /** Returns what it acquired. */
  async got<T>(): Promise<T> {
    return JSON.parse(await this.#line()) as T;
  }

  async release(): Promise<void> {
    const line = this.#line();
    this.#child.stdin?.write('release\n');
    await line;
    await this.#end();
  }

  async exitWithoutRelease(): Promise<void> {
    this.#child.stdin?.write('exit\n');
    await this.#end();
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#end();
  }

  async #line(): Promise<string> {
    const ended = once(this.#child, 'exit').then(() => {
      throw new Error(`The holder ended without an answer:\n${this.#log}`);
    });
    const [line] = (await Promise.race([once(this.#lines, 'line'), ended])) as [string];
    return line;
  }

  async #end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}
