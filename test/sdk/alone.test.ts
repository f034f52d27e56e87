/** One SDK is enough: a server built on either one needs nothing from the other. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-alone-'));
});
afterAll(async () => await rm(dir, { recursive: true, force: true }));

/** Runs `code` in a project that has only the MCP packages in `installed`. @returns its output */
async function run(installed: string[], code: string): Promise<string> {
  const project = await mkdtemp(join(dir, 'project-'));
  const modules = join(project, 'node_modules');
  await mkdir(join(modules, '@modelcontextprotocol'), { recursive: true });
  const packages = (await readdir(join(root, 'node_modules'))).filter((name) => name !== '@modelcontextprotocol');
  for (const name of [...packages, ...installed.map((sdk) => `@modelcontextprotocol/${sdk}`)])
    await symlink(join(root, 'node_modules', name), join(modules, name));
  await cp(join(root, 'dist'), join(project, 'dist'), { recursive: true });
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  await writeFile(join(project, 'main.js'), code);
  const { stdout } = await promisify(execFile)(process.execPath, ['main.js'], { cwd: project });
  return stdout.trim();
}

const options = (): string =>
  JSON.stringify({
    tools: [],
    key: '5f1c7a90d3e84b26bd07f4a1c95e38d2',
    temporal: { address: inject('temporalAddress') },
  });

it('a v1 server runs without the packages of v2', async () => {
  const said = await run(
    ['sdk'],
    `
    import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
    import { DurableTasks } from './dist/src/sdk/index.js';
    const tasks = await DurableTasks.connect(${options()});
    const handler = tasks.handler(() => new McpServer({ name: 't', version: '1' }));
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const response = await handler.fetch(new Request('http://127.0.0.1/mcp', { method: 'POST', headers, body }));
    console.log(response.status);
    await response.text();
    await handler.close();
    await tasks.close();`,
  );
  expect(said).toBe('200');
});

it('a v2 server runs without the packages of v1', async () => {
  const said = await run(
    ['server', 'core'],
    `
    import { McpServer } from '@modelcontextprotocol/server';
    import { DurableTasks } from './dist/src/index.js';
    const tasks = await DurableTasks.connect(${options()});
    console.log(typeof tasks.handler(() => new McpServer({ name: 't', version: '1' })).fetch);
    await tasks.close();`,
  );
  expect(said).toBe('function');
});

it('importing the entry point of the other SDK fails with an error that names the right one', async () => {
  const said = await run(
    ['sdk'],
    `
    import { DurableTasks } from './dist/src/index.js';
    await DurableTasks.connect(${options()}).catch(({ code, message }) => console.log(code, message));`,
  );
  expect(said).toMatch(/^CONFIGURATION .*@modelcontextprotocol\/server.*mcp-tasks-temporal\/sdk/);
});
