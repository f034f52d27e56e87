/** `mcp-tasks-temporal worker` for the tools of a module, TypeScript modules, and missing packages. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { key, startStack } from '../helpers/stack.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'dist/src/cli/main.js');
const { peerDependencies } = createRequire(import.meta.url)('../../package.json') as {
  peerDependencies: Readonly<Record<string, string>>;
};
let dir: string;
const processes = new Set<ChildProcess>();

beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'mcp-tasks-worker-')));
  await mkdir(join(dir, 'node_modules'));
  await writeFile(join(dir, 'package.json'), '{ "type": "module" }');
  await link('mcp-tasks-temporal', root);
  await link('zod');
});
afterEach(async () => {
  for (const child of processes) if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  processes.clear();
  await rm(dir, { recursive: true, force: true });
});

const link = async (name: string, target = join(root, 'node_modules', name)): Promise<void> =>
  await symlink(target, join(dir, 'node_modules', name));

/** Runs the command in `dir`. Resolves once its output matches, or it has ended. */
function run(args: readonly string[], program = main) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: dir,
    env: { ...process.env, TEMPORAL_ADDRESS: inject('temporalAddress'), MCP_TASKS_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.add(child);
  const closed = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  return {
    child,
    until: async (text: RegExp) => await expect.poll(() => output, { timeout: 30_000 }).toMatch(text),
    async ended() {
      await closed;
      return { code: child.exitCode, output };
    },
  };
}

const TOOLS = `
import { defineTool } from 'mcp-tasks-temporal';
import { z } from 'zod';
export const tools = [
  defineTool({ name: 'greet', inputSchema: z.object({}), run: async () => ({ greeting: greeting() }) }),
  defineTool({ name: 'apart', inputSchema: z.object({}), taskQueue: 'apart', run: async () => ({}) }),
];
`;
const JAVASCRIPT = `${TOOLS}\nconst greeting = () => 'hello from JavaScript';\n`;
const TYPESCRIPT = `${TOOLS}\nconst greeting = (): string => 'hello from TypeScript';\n`;
const greet = defineTool({ name: 'greet', inputSchema: z.object({}), run: async () => await Promise.resolve({}) });

describe('a worker', () => {
  it.each([
    ['tools.mjs', JAVASCRIPT, 'hello from JavaScript'],
    ['tools.ts', TYPESCRIPT, 'hello from TypeScript'],
  ])('runs the tools of %s on the task queue it is given, until it is stopped', async (file, text, greeting) => {
    await link('tsx');
    await writeFile(join(dir, file), text);
    const taskQueue = randomUUID();
    const { child, until, ended } = run(['worker', file, '--task-queue', taskQueue]);
    await until(/worker started/);
    const stack = await startStack([greet], { taskQueue });
    const { engine } = stack.tasks;
    const { id } = await engine.start({ owner: 'ann', tool: greet, args: {}, ttl: null });
    expect(await engine.result('ann', id)).toMatchObject({
      outcome: { kind: 'result', result: { structuredContent: { greeting } } },
    });
    await stack.close();
    child.kill('SIGTERM');
    const { code, output } = await ended();
    expect(code).toBe(0);
    expect(output).toMatch(/"tool":"apart","taskQueue":"apart".*its own task queue/);
  });

  it('does not run existing workflows', async () => {
    await writeFile(join(dir, 'existing.yaml'), 'taskQueue: q\ntools:\n- { name: a, workflow: A }\n');
    expect(await run(['worker', 'existing.yaml']).ended()).toEqual({
      code: 1,
      output:
        'existing.yaml: the workflows of a gateway file have workers already. `worker` runs tools with `command`, and the tools of a JavaScript or TypeScript module\n',
    });
  });
});

describe('a server', () => {
  it('serves the tools of tools.ts', async () => {
    await link('tsx');
    await writeFile(join(dir, 'tools.ts'), TYPESCRIPT);
    const { child, until, ended } = run(['serve', 'tools.ts', '--port', '0', '--task-queue', randomUUID()]);
    await until(/at http:/);
    child.kill('SIGTERM');
    expect(await ended()).toMatchObject({ code: 0 });
  });

  it('says what to install where neither Node nor tsx can load TypeScript', async () => {
    await writeFile(join(dir, 'tools.ts'), `${TYPESCRIPT}\nexport enum Colour { Red }\n`);
    const { code, output } = await run(['serve', 'tools.ts', '--port', '0']).ended();
    expect(code).toBe(1);
    expect(output).toMatch(/^.*tools\.ts: Node.* (cannot|does not) .*\. Run: npm install --save-dev tsx\n$/);
  });
});

describe('without a package that is needed', () => {
  /** Installs this package by itself: the packages beside it are the ones it cannot do without. */
  async function installAlone(): Promise<string> {
    const alone = join(dir, 'node_modules', 'mcp-tasks-temporal');
    await rm(alone);
    await mkdir(alone);
    for (const part of ['package.json', 'dist/src', 'dist/workflows'])
      await cp(join(root, part), join(alone, part), { recursive: true });
    await link('commander');
    await link('pino');
    return join(alone, 'dist/src/cli/main.js');
  }

  it.each([
    [['serve'], ['@modelcontextprotocol/server']],
    [['worker', 'tools.mjs'], ['@temporalio/worker']],
  ])('%j names the command that installs it', async (args, names) => {
    const packages = names.map((name) => `"${name}@${peerDependencies[name]}"`);
    expect(await run(args, await installAlone()).ended()).toEqual({
      code: 1,
      output: `\`${args[0]}\` needs packages that are not installed. Run: npm install ${packages.join(' ')}\n`,
    });
  });

  it('names what a module of tools imports', async () => {
    await writeFile(join(dir, 'tools.mjs'), "import '@nowhere/missing/part';\nexport default [];\n");
    expect(await run(['worker', 'tools.mjs']).ended()).toEqual({
      code: 1,
      output: `The package "@nowhere/missing" is not installed; ${join(dir, 'tools.mjs')} imports it. Run: npm install @nowhere/missing\n`,
    });
  });
});
