/** The server also runs where a worker cannot, because it loads neither worker nor testing packages. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';

const dist = (path: string): string => JSON.stringify(new URL(`../../dist/src/${path}`, import.meta.url).href);

/** Runs `code` in its own process and returns which of the Temporal, SWC and webpack packages it loaded. */
async function loaded(code: string): Promise<string[]> {
  // Temporal's packages are CommonJS, so every one that was loaded is in this cache.
  const report = `
    import { createRequire } from 'node:module';
    const files = Object.keys(createRequire(import.meta.url)('node:module')._cache);
    console.log(JSON.stringify([...new Set(files.flatMap((file) => /node_modules\\/(@temporalio\\/[^/]+|@swc\\/core|webpack)\\//.exec(file.replaceAll('\\\\', '/'))?.[1] ?? []))]));`;
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
  expect(await loaded(`import ${dist('client/index.js')};`)).toEqual([]);
});
