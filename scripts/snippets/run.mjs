// Follows the pages as a reader would: installs what they say, in an empty project, and runs their programs.
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** How long installing, or a program's answer, may take, in milliseconds. */
const PATIENCE = 150_000;
/** How long a program may take to stop, in milliseconds. */
const STOP = 20_000;
/** The Inspector that the tests use. It needs Node 22. */
const INSPECTOR = 'npx -y -p node@22 -p @modelcontextprotocol/inspector@2.12.0 -c';

/** An empty project of a reader. */
export class Project {
  #programs = [];

  /**
   * @param {string} dir
   * @param {{ tarball: string, name: string, port: number }} options `port` takes the place of 3000 in all snippets
   */
  constructor(dir, { tarball, name, port }) {
    Object.assign(this, { dir, tarball, name, port });
  }

  static async make(parent, name, packed) {
    const dir = join(parent, name);
    await mkdir(dir);
    await writeFile(join(dir, 'package.json'), JSON.stringify({ name, private: true }));
    return new Project(dir, { ...packed, port: await freePort() });
  }

  /** Writes snippets under their names. */
  async write(...snippets) {
    for (const { name, text } of snippets) await writeFile(join(this.dir, name), this.#here(text));
  }

  /** Runs the lines of a shell snippet that install something or set up the project. */
  async install(snippet) {
    const lines = snippet.text.split('\n').filter((line) => /^npm (install|pkg) /.test(line));
    await this.#finish(lines.join(' && ').replace(` ${this.name}`, ` ${this.tarball}`), snippet);
  }

  /**
   * Runs a shell snippet, or some lines of it.
   * @param {RegExp} [which] the lines to run; all unless given
   * @returns {Promise<string>} its output
   */
  async run(snippet, which = /^/) {
    return await this.#finish(this.#script(snippet, which), snippet);
  }

  /**
   * Starts a program that a shell snippet starts, and waits until it prints the address of its MCP server.
   * @returns {Promise<{ url: string, stop(): Promise<void> }>}
   */
  async serve(snippet, which) {
    const script = this.#script(snippet, which);
    const program = new Program(script, this.dir, { PORT: String(this.port) });
    this.#programs.push(program);
    const [url] = await program.printed(/http:\/\/127\.0\.0\.1:\d+\/mcp/, placeOf(snippet));
    return { url, stop: async () => await program.stop() };
  }

  /** Stops what still runs. */
  async close() {
    await Promise.all(this.#programs.map(async (program) => await program.stop()));
    await this.#stopDevServer();
  }

  /** Stops the dev server, in case its last user was killed before it could. */
  async #stopDevServer() {
    try {
      const record = JSON.parse(await readFile(join(this.dir, '.mcp-tasks/temporal/server.json'), 'utf8'));
      if (record.server) process.kill(record.server.pid);
    } catch {
      // There is none.
    }
  }

  async #finish(script, snippet) {
    const program = new Program(script, this.dir);
    this.#programs.push(program);
    return await program.finished(placeOf(snippet));
  }

  #script(snippet, which) {
    const lines = snippet.text
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line !== '' && which.test(line));
    if (lines.length === 0) throw new Error(`${placeOf(snippet)}: no line matches ${which}`);
    return this.#here(lines.join('\n')).replace(
      /npx @modelcontextprotocol\/inspector (.*)/,
      (_, rest) => `${INSPECTOR} 'mcp-inspector ${rest} --connect-timeout 120000'`,
    );
  }

  #here(text) {
    return text.replace(/\b3000\b/g, String(this.port));
  }
}

class Program {
  #output = '';
  #listeners = new Set();

  constructor(script, dir, env = {}) {
    // In a process group, so that stopping it reaches what npx starts.
    this.child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: dir,
      detached: true,
      env: { ...readersEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        this.#output += text;
        for (const listener of this.#listeners) listener();
      });
  }

  /** @returns the match in what it prints */
  async printed(pattern, place) {
    return await this.#patiently(place, async (signal) => {
      const seen = new Promise((resolve) => {
        const look = () => pattern.test(this.#output) && resolve(pattern.exec(this.#output));
        this.#listeners.add(look);
        signal.addEventListener('abort', () => this.#listeners.delete(look));
        look();
      });
      const ended = this.ended.then(() => Promise.reject(new Error('it ended')));
      return await Promise.race([seen, ended]);
    });
  }

  async finished(place) {
    return await this.#patiently(place, async () => {
      const code = await this.ended;
      if (code !== 0) throw new Error(`it exited with ${code}`);
      return this.#output;
    });
  }

  async #patiently(place, wait) {
    const done = new AbortController();
    const late = new Promise((_, reject) => {
      const timer = setTimeout(() => reject(new Error(`it did not finish within ${PATIENCE / 1000} s`)), PATIENCE);
      done.signal.addEventListener('abort', () => clearTimeout(timer));
    });
    try {
      return await Promise.race([wait(done.signal), late]);
    } catch (error) {
      throw new Error(`${place}: ${error.message}. It printed:\n${this.#output.slice(-4_000)}`, { cause: error });
    } finally {
      done.abort();
    }
  }

  /** Stops it as Ctrl-C does; kills it if that takes too long. */
  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.#signal('SIGINT');
    const timer = setTimeout(() => this.#signal('SIGKILL'), STOP);
    await this.ended;
    clearTimeout(timer);
  }

  #signal(signal) {
    try {
      process.kill(-Number(this.child.pid), signal);
    } catch {
      // It has just ended.
    }
  }
}

/** Returns the environment without the caller's own settings, except for their Temporal CLI. */
function readersEnvironment() {
  const given = Object.entries(process.env).filter(
    ([name]) => name === 'TEMPORAL_CLI_PATH' || !/^(TEMPORAL_|MCP_TASKS_|DATABASE_URL|PORT$|npm_)/.test(name),
  );
  return {
    ...Object.fromEntries(given),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  };
}

function placeOf({ page, line }) {
  return `${page}:${line}`;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
