/** How soon a new server works, and how large it is. @module */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ratioAtMost } from '../harness/aims.js';
import { LIMIT, OURS, type Values } from '../harness/figures.js';
import { interleave } from '../harness/rounds.js';
import { milliseconds, type Measure, type Row } from '../harness/row.js';
import { median } from '../harness/statistics.js';
import { Mcp2026 } from '../rig/mcp-2026.js';
import type { Rig } from '../rig/rig.js';
import type { Program } from '../served/guard.js';

const run = promisify(execFile);
const CLI = resolve('dist/src/cli/main.js');
const TOOLS = resolve('dist/bench/served/echo.js');
const BARE = resolve('dist/bench/served/bare-start.js');
const NAME = 'mcp-tasks-temporal';
/** The entry points, as the package exports them. */
const ENTRIES = ['.', 'sdk', 'workflow', 'workflows', 'activity', 'worker', 'client', 'auth', 'encryption'].concat([
  'temporal',
  'tools',
  'tools/workflows',
  'gateway',
]);
const MB = 1_000_000;
/** How long an installation may take, in milliseconds. */
const INSTALLATION = 240_000;

export const start: Row = {
  name: 'start',
  work: '`serve --worker` on a running Temporal: start of the process → result of a task that waits for it',
  against: 'the same for a bare Worker with a prebuilt bundle',
  measures: {
    ready: milliseconds('start → a waiting task’s result'),
    listening: milliseconds('start → the server accepts requests'),
    ...Object.fromEntries(ENTRIES.map((entry): [string, Measure] => [importOf(entry), milliseconds(importOf(entry))])),
    unpacked: { title: 'the package, unpacked', unit: 'MB', better: 'lower' },
    installed: { title: 'installed with its dependencies', unit: 'MB', better: 'lower' },
  },
  aims: [ratioAtMost('ready', 1.3)],
  async run(rig, { short }) {
    const figures = await starts(rig, short ? 1 : 7);
    const imports = await importTimes(short ? 1 : 7);
    return { ...figures, ours: { ...figures.ours, ...imports, ...(await sizes(rig, !short)) } };
  },
};

async function starts(rig: Rig, rounds: number): ReturnType<typeof interleave> {
  const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-bench-start-'));
  rig.own(async () => await rm(dir, { recursive: true, force: true }));
  const bundle = join(dir, 'bundle.js');
  await rig.child('bundle.js', { file: bundle });
  const address = await rig.temporal();
  const key = randomBytes(32).toString('hex');
  const { http } = await rig.ours({ key, worker: false });
  const mcp = new Mcp2026(http);
  const bare = await rig.bareClient('bare');
  const { child: guard } = await rig.child('guard.js');

  const ours = async (): Promise<Values> => {
    const id = await mcp.submit('echo');
    const program: Program = {
      file: process.execPath,
      args: [CLI, 'serve', TOOLS, '--worker', '--port', '0'],
      cwd: dir,
      env: { TEMPORAL_ADDRESS: address, MCP_TASKS_KEY: key, MCP_TASKS_LOG_LEVEL: 'error' },
    };
    const begun = performance.now();
    await guard.ask('firstLine', program);
    const listening = performance.now() - begun;
    await bare.result(id);
    const ready = performance.now() - begun;
    await guard.ask('end');
    return { ready, listening };
  };
  const limit = async (): Promise<Values> => {
    const id = await bare.submit('echo');
    const begun = performance.now();
    await guard.ask('run', { file: process.execPath, args: [BARE, address, bare.taskQueue, bundle] });
    await bare.result(id);
    const ready = performance.now() - begun;
    await guard.ask('end');
    return { ready };
  };
  return await interleave({ [OURS]: ours, [LIMIT]: limit }, rounds);
}

function importOf(entry: string): string {
  return `import ${entry === '.' ? NAME : `${NAME}/${entry}`}`;
}

/** Returns how long each entry point takes to load in a process of its own. */
async function importTimes(rounds: number): Promise<Values> {
  const taken: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++)
    for (const entry of ENTRIES) {
      const name = importOf(entry).replace('import ', '');
      const code = `const from = performance.now(); await import('${name}'); process.stdout.write(String(performance.now() - from)); process.exit();`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code]);
      (taken[importOf(entry)] ??= []).push(Number(stdout));
    }
  return Object.fromEntries(Object.entries(taken).map(([name, times]) => [name, median(times)]));
}

/** @param install whether to install the package too, which needs the registry */
async function sizes(rig: Rig, install: boolean): Promise<Values> {
  const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-bench-package-'));
  rig.own(async () => await rm(dir, { recursive: true, force: true }));
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', dir]);
  const [{ filename, unpackedSize }] = JSON.parse(stdout) as [{ filename: string; unpackedSize: number }];
  if (!install) return { unpacked: unpackedSize / MB };
  const given = ['install', '--prefix', dir, '--omit=peer', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
  await run('npm', [...given, join(dir, filename)], { timeout: INSTALLATION });
  const { stdout: size } = await run('du', ['--summarize', '--bytes', join(dir, 'node_modules')]);
  return { unpacked: unpackedSize / MB, installed: Number(size.split('\t')[0]) / MB };
}
