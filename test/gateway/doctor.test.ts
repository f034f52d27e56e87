/** `doctor` on real servers: what it finds, and how its command ends. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { examine, type Finding } from '../../src/gateway/doctor/index.js';
import type { GatewayConfigInput } from '../../src/gateway/index.js';
import { gatewayOf } from '../../src/gateway/load.js';
import { key } from '../setup/stack.js';
import { startPlainWorker } from './setup.js';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const taskQueue = `plain-${randomUUID()}`;
const text = { name: 'text', workflow: 'Text' };
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startPlainWorker(taskQueue);
});
afterAll(async () => await stop());

async function findings(config: Partial<GatewayConfigInput> = {}, env: NodeJS.ProcessEnv = { MCP_TASKS_KEY: key }): Promise<Finding[]> {
  const loaded = await gatewayOf({ temporal: { address: inject('temporalAddress') }, taskQueue, tools: [text], ...config }, '.');
  const found: Finding[] = [];
  for await (const finding of examine(loaded, '.mcp-tasks', env)) found.push(finding);
  return found;
}
const bad = async (config: Partial<GatewayConfigInput>): Promise<Finding[]> => (await findings(config)).filter(({ level }) => level !== 'ok');

it('finds nothing wrong where nothing is', async () => {
  expect(await findings()).toEqual([
    { level: 'ok', text: expect.stringMatching(/^Temporal 1\.\d+\.\d+ at (localhost|127)/) },
    { level: 'ok', text: 'namespace default keeps closed workflows for 24 hours' },
    { level: 'ok', text: expect.stringMatching(/^arguments and results up to/) },
    { level: 'ok', text: 'rights in namespace default: start, read, read the history of, query, signal, cancel, list workflows' },
    { level: 'ok', text: `task queue ${taskQueue} (text): 1 worker` },
    { level: 'ok', text: expect.stringContaining('long polls') },
  ]);
});

describe('finds', () => {
  it.each([
    ['a retention that is too short', { ttl: '3 days' as const }, 'warning', /24 hours, shorter than the ttl of tasks, 72 hours/],
    ['the ttl of a tool that is', { tools: [{ ...text, ttl: '3 days' as const }] }, 'warning', /shorter than the ttl/],
    ['task queues without workers', { taskQueue: 'nobody' }, 'error', /task queue nobody \(text\): no worker/],
  ])('%s', async (_, config, level, message) => {
    expect(await bad(config)).toEqual([{ level, text: expect.stringMatching(message), remedy: expect.any(String) }]);
  });

  it('a key that is missing', async () => {
    expect(await findings({}, {})).toContainEqual({ level: 'error', text: expect.stringContaining('MCP_TASKS_KEY is not set'), remedy: expect.stringContaining('openssl') });
  });

  it('a namespace that is missing', async () => {
    expect(await bad({ tools: [{ ...text, namespace: 'nowhere' }] })).toContainEqual({ level: 'error', text: expect.stringMatching(/^namespace nowhere: .*not found/i), remedy: expect.stringContaining('namespace create nowhere') });
  });

  it('a cluster that is away, and looks at the others all the same', async () => {
    const found = await findings({ namespaces: { far: { address: '127.0.0.1:1' } }, tools: [{ ...text, name: 'far', namespace: 'far' }, text] });
    expect(found[0]).toMatchObject({ level: 'error', text: expect.stringMatching(/^there is no Temporal at 127.0.0.1:1: .*ECONNREFUSED/) });
    expect(found).toContainEqual({ level: 'ok', text: `task queue ${taskQueue} (text): 1 worker` });
  });
});

it.each([
  ['ok', {}, 0],
  ['a warning', { ttl: '3 days' }, 1],
  ['an error', { ttl: '3 days', taskQueue: 'nobody' }, 2],
])('the command ends by the worst: %s', async (_, config, code) => {
  const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-doctor-'));
  await writeFile(join(dir, 'mcp-tasks.yaml'), JSON.stringify({ taskQueue, tools: [text], ...config }));
  const ended = await new Promise<{ code: number | null; stdout: string }>((resolve) => {
    const child = execFile(process.execPath, [main, 'doctor'], { cwd: dir, env: { ...process.env, TEMPORAL_ADDRESS: inject('temporalAddress'), MCP_TASKS_KEY: key } }, (__, stdout) => resolve({ code: child.exitCode, stdout }));
  });
  expect(ended.code).toBe(code);
  expect(ended.stdout).toMatch(/^ok {7}Temporal/);
  await rm(dir, { recursive: true });
});
