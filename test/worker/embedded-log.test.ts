/** What `createWorker` logs in a program that has not chosen a logger for Temporal. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { startStack } from '../helpers/stack.js';

const fixture = fileURLToPath(new URL('../fixtures/embedded-worker.mjs', import.meta.url));

it('logs failures on stderr without the messages of errors, and passes on what the tool logs', async () => {
  const taskQueue = `test-${randomUUID()}`;
  const run = async (): Promise<object> => await Promise.resolve({});
  const tool = defineTool({ name: 'refusing', inputSchema: z.object({ table: z.string() }), run });
  const stack = await startStack([tool], { taskQueue });
  const worker = spawn(process.execPath, [fixture, inject('temporalAddress'), taskQueue]);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    worker[stream].on('data', (data) => (output[stream] += String(data)));
  const ended = once(worker, 'exit');
  try {
    const { engine } = stack.tasks;
    const { id } = await engine.start({ owner: 'ann', tool, args: { table: 'SECRET' }, ttl: null });
    for await (const task of engine.watch('ann', id)) if (task.outcome) break;
    expect(JSON.stringify((await engine.get('ann', id)).outcome)).toContain('no table SECRET');
  } finally {
    worker.kill('SIGTERM');
    await ended;
    await stack.close();
  }
  expect(output.stdout).toBe('');
  expect(output.stderr).toContain('"msg":"Activity failed"');
  expect(output.stderr).toContain('"failure":"ToolError"');
  expect(output.stderr).toMatch(/"tables":3.*"msg":"looking for a table"/);
  expect(output.stderr).not.toContain('SECRET');
});
