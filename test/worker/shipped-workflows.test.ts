/** The workflow bundles in the package: when a worker uses one, and that they are what webpack makes of the sources. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { DurableTool } from '../../src/index.js';
import * as fromSources from '../../src/worker/shipped-workflows.js';
import { waitForFile } from '../fixtures/tools.mjs';
import { cleanUpLocalServices, temporaryDirectory } from '../helpers/local-services.js';
import { startStack, type Stack } from '../helpers/stack.js';

const built = (path: string): string => new URL(`../../dist/src/${path}`, import.meta.url).href;
const fixture = fileURLToPath(new URL('../fixtures/shipped-worker.mjs', import.meta.url));
const { BUNDLES, installedVersion, SHIPPED_WORKFLOWS, VERSION_FILE, workflowsOf } = (await import(
  built('worker/shipped-workflows.js')
)) as typeof fromSources;
const { referenceWorkflowsPath } = (await import(built('tools/index.js'))) as { referenceWorkflowsPath: string };
const failureConverterPath = fileURLToPath(built('encryption/failure-converter.cjs'));

const unexpected = (message: string): never => expect.fail(message);

describe('a worker uses a shipped bundle', () => {
  it.each([
    ['without options', {}, 'workflows/bundle.cjs'],
    ['with a codec', { dataConverter: { payloadCodecs: [] } }, 'workflows/bundle.cjs'],
    ['with an activity interceptor', { interceptors: { activity: [] } }, 'workflows/bundle.cjs'],
    ['with encryption', { dataConverter: { failureConverterPath } }, 'workflows/bundle-encryption.cjs'],
    ['for the reference tools', { workflowsPath: referenceWorkflowsPath }, 'workflows/tools/bundle.cjs'],
    [
      'for the reference tools with encryption',
      { workflowsPath: referenceWorkflowsPath, dataConverter: { failureConverterPath } },
      'workflows/tools/bundle-encryption.cjs',
    ],
  ])('%s', (_, options, file) => {
    const codePath = fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));
    expect(workflowsOf(options, unexpected)).toEqual({ workflowBundle: { codePath } });
    expect(existsSync(codePath)).toBe(true);
  });
});

describe('a worker bundles the workflows if the bundle has parts of the author', () => {
  const shipped = { workflowsPath: SHIPPED_WORKFLOWS };
  it.each([
    ['workflows', { workflowsPath: '/srv/workflows.js' }, { workflowsPath: '/srv/workflows.js' }],
    ['options of the bundler', { bundlerOptions: {} }, shipped],
    ['workflow interceptors', { interceptors: { workflowModules: ['/srv/interceptors.js'] } }, shipped],
    ['a plugin, which may add any of these', { plugins: [{ name: 'theirs' }] }, shipped],
    ['a payload converter', { dataConverter: { payloadConverterPath: '/srv/converter.js' } }, shipped],
    ['a failure converter', { dataConverter: { failureConverterPath: '/srv/converter.js' } }, shipped],
    ['sources in stack traces', { showStackTraceSources: true }, shipped],
  ])('%s', (_, options, expected) => {
    expect(workflowsOf(options, unexpected)).toEqual(expected);
  });

  it('or is a bundle of the author', () => {
    const workflowBundle = { codePath: '/srv/bundle.js' };
    expect(workflowsOf({ workflowBundle }, unexpected)).toEqual({ workflowBundle });
  });
});

it("bundles the workflows, and logs why, if another version of Temporal's SDK is installed", () => {
  const logged: unknown[] = [];
  const log = (...line: unknown[]): void => void logged.push(line);
  expect(workflowsOf({}, log, '1.99.0')).toEqual({ workflowsPath: SHIPPED_WORKFLOWS });
  const message = 'bundling the workflows, because the shipped bundle is for another version of @temporalio/worker';
  expect(logged).toEqual([[message, { bundled: installedVersion(), installed: '1.99.0' }]]);
});

it('bundles the workflows if there is no bundle, as in the sources', () => {
  expect(fromSources.workflowsOf({}, unexpected)).toEqual({ workflowsPath: fromSources.SHIPPED_WORKFLOWS });
});

it('ships what webpack makes of the sources, to the byte', async () => {
  const script = new URL('../../scripts/bundle-workflows.mjs', import.meta.url).href;
  const { bundleWorkflows } = (await import(script)) as { bundleWorkflows(): Promise<ReadonlyMap<string, string>> };
  const made = await bundleWorkflows();
  expect([...made.keys()]).toEqual(expect.arrayContaining([...BUNDLES.map(({ codePath }) => codePath), VERSION_FILE]));
  // Not toBe: it would print megabytes.
  for (const [file, text] of made) expect([file, text === readFileSync(file, 'utf8')]).toEqual([file, true]);
});

it.each(BUNDLES.map(({ codePath }) => codePath))('keeps the folder of the build out of %s', (file) => {
  expect(readFileSync(file, 'utf8').includes(fileURLToPath(new URL('../..', import.meta.url)))).toBe(false);
});

describe('a worker process of the built package', () => {
  const tool: DurableTool = waitForFile;
  const taskQueue = `test-${randomUUID()}`;
  let stack: Stack;
  let connection: Connection;
  beforeAll(async () => {
    connection = await Connection.connect({ address: inject('temporalAddress') });
    stack = await startStack([tool], { taskQueue });
  });
  afterAll(async () => {
    await stack.close();
    await connection.close();
    await cleanUpLocalServices();
  });

  /** Runs a task on a worker with these options. Returns the worker's log and the workflow's stack while it ran. */
  async function runTask(options: object): Promise<{ readonly log: string; readonly trace: string }> {
    const { engine } = stack.tasks;
    const file = join(await temporaryDirectory(), 'file');
    const worker = spawn(process.execPath, [fixture, inject('temporalAddress'), taskQueue, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let log = '';
    worker.stdout.on('data', (data) => (log += String(data)));
    const ended = once(worker, 'exit');
    try {
      const { id } = await engine.start({ owner: 'ann', tool, args: { file }, ttl: null });
      for await (const task of engine.watch('ann', id)) if (task.steps[0]?.progress) break;
      const trace = await new Client({ connection }).workflow.getHandle(id).query<string>('__stack_trace');
      await writeFile(file, '');
      for await (const task of engine.watch('ann', id)) if (task.outcome) break;
      expect((await engine.get('ann', id)).outcome).toMatchObject({ kind: 'result' });
      return { log, trace };
    } finally {
      worker.kill('SIGTERM');
      await ended;
    }
  }

  it('does not run webpack, and its stack traces name the sources', async () => {
    const { log, trace } = await runTask({});
    expect(log).toContain('Worker state changed');
    expect(log).not.toContain('Workflow bundle created');
    expect(trace).toMatch(/mcp-tasks-temporal\/src\/workflow\/steps\.ts:\d+/);
  });

  it('runs it if it has to', async () => {
    expect((await runTask({ bundlerOptions: {} })).log).toContain('Workflow bundle created');
  });
});
