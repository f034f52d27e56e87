/** Tasks over stdio, in a server process of their own, with public clients. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { callTool, tasksCapability } from '../../src/client/index.js';
import { createWorker, type DurableWorker } from '../../src/worker/index.js';
import { workflowsPath } from '../setup/stack.js';
import { tools } from '../fixtures/tools.mjs';

const server = fileURLToPath(new URL('../fixtures/stdio-server.mjs', import.meta.url));
let dir: string;
let worker: DurableWorker;
let working: Promise<void>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-stdio-'));
  worker = await createWorker({ tools, workflowsPath, temporal: { address: inject('temporalAddress') } });
  working = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await working;
  await rm(dir, { recursive: true, force: true });
});

describe.each(['legacy', 'auto'] as const)('protocol negotiation %s', (mode) => {
  it('a task runs, is listed where the protocol has that, and its server goes when the client does', async () => {
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode }, capabilities: tasksCapability });
    const transport = new StdioClientTransport({ command: process.execPath, args: [server], cwd: dir, stderr: 'ignore', env: { ...(process.env as Record<string, string>), TEMPORAL_ADDRESS: inject('temporalAddress') } });
    await client.connect(transport);
    const { pid } = transport;
    const file = join(dir, mode);
    const seen: string[] = [];
    const result = await callTool(client, { name: 'wait_for_file', arguments: { file } }, {
      onStatus({ taskId, statusMessage }) {
        seen.push(taskId);
        if (statusMessage?.includes('looks')) void writeFile(file, '');
      },
    });
    expect(result.structuredContent).toEqual({ file, attempt: 1 });
    if (mode === 'legacy') {
      const listed = await client.request({ method: 'tasks/list', params: {} }, z.looseObject({ tasks: z.array(z.looseObject({ taskId: z.string(), status: z.string() })) }));
      expect(listed.tasks).toContainEqual(expect.objectContaining({ taskId: seen[0], status: 'completed' }));
    }
    await client.close();
    await expect.poll(() => alive(pid as number), { timeout: 10_000 }).toBe(false);
  });
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
