/**
 * A program's worker is killed, paused or cut off. The program goes on elsewhere, and never runs twice at once.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineCommand, type CommandOptions } from '../../src/index.js';
import { TaskFolder } from '../../src/command/folder.js';
import { endPredecessor } from '../../src/command/predecessor.js';
import { mostAtOnce, program, programPlace, type ProgramPlace } from '../helpers/programs.js';
import { startStack, type Stack } from '../helpers/stack.js';

const FIXTURE = fileURLToPath(new URL('../fixtures/command-worker.mjs', import.meta.url));

let place: ProgramPlace;
let stack: Stack;
const workers = new Set<ChildProcess>();

beforeEach(async () => {
  place = await programPlace();
});
afterEach(async () => {
  for (const child of workers) child.kill('SIGKILL');
  workers.clear();
  await stack.close();
  await place.close();
});

type Options = Omit<CommandOptions, 'name' | 'inputSchema'>;

/** Starts a task whose workers come later. A lost attempt is replaced after 2 to 3 seconds. */
async function start(options: Options): Promise<{ id: string; options: Options }> {
  const whole: Options = {
    ...place.options,
    timeouts: { heartbeat: '2 seconds' },
    // Temporal also offers attempts to a worker that is paused, until its polls have ended.
    retry: { maximumAttempts: 50, initialInterval: '10 ms', backoffCoefficient: 1 },
    stop: { grace: '300 ms' },
    ...options,
  };
  const tool = defineCommand({ name: 'run', inputSchema: z.object({}), ...whole });
  stack = await startStack([tool]);
  return { id: (await stack.tasks.engine.start({ owner: 'ann', tool, args: {}, ttl: null })).id, options: whole };
}

async function worker(options: Options): Promise<ChildProcess> {
  const child = fork(FIXTURE, [inject('temporalAddress'), stack.tasks.taskQueue, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  workers.add(child);
  await once(child, 'message');
  return child;
}

const starts = (count: number) => expect.poll(() => place.starts().length, { timeout: 40_000 }).toBe(count);
const outcome = async (id: string) => (await stack.tasks.engine.result('ann', id)).outcome;
const record = (id: string) => new TaskFolder(place.options.dir, id).read();
const done = { kind: 'result', result: { structuredContent: { exitCode: 0 } } };

it('a killed worker: its program ends at once, and the next attempt resumes', async () => {
  const { id, options } = await start({ command: program('stubborn'), resume: program('print', '0', 'resumed') });
  const first = await worker(options);
  await starts(1);
  first.kill('SIGKILL');
  await expect.poll(() => place.isAnyRunning()).toBe(false);
  await worker(options);
  expect(await outcome(id)).toMatchObject(done);
  expect(place.starts()[1]).toEqual(['print', '0', 'resumed']);
  expect(mostAtOnce(place.events())).toBe(1);
  // The lines that the program wrote after its worker had died are in the log, too.
  expect(readFileSync(`${new TaskFolder(place.options.dir, id).log}/000000000000000.log`, 'utf8')).toMatch(
    /attempt 1 starts .*\nworking\n--- .* attempt 2 resumes/,
  );
});

it('a paused worker: its program ends when the lease does, before another worker starts the next one', async () => {
  const { id, options } = await start({ command: program('stubborn'), resume: program('print', '0') });
  const first = await worker(options);
  await starts(1);
  first.kill('SIGSTOP');
  await worker(options);
  expect(await outcome(id)).toMatchObject(done);
  expect(mostAtOnce(place.events())).toBe(1);
  expect(place.isAnyRunning()).toBe(false);
  first.kill('SIGCONT');
}, 120_000);

it('a killed supervisor: its worker ends the program and runs it again', async () => {
  const { id, options } = await start({ command: program('stubborn'), resume: program('print', '0') });
  await worker(options);
  await starts(1);
  await expect.poll(() => record(id)?.program?.pid).toBeGreaterThan(0);
  process.kill(record(id)!.supervisor!.pid, 'SIGKILL');
  expect(await outcome(id)).toMatchObject(done);
  expect(mostAtOnce(place.events())).toBe(1);
});

it('a killed worker whose supervisor is killed too: the next attempt finds the program and ends it', async () => {
  const { id, options } = await start({ command: program('stubborn'), resume: program('print', '0') });
  const first = await worker(options);
  await starts(1);
  await expect.poll(() => record(id)?.program?.pid).toBeGreaterThan(0);
  // Paused, so that it cannot act before it is killed.
  process.kill(record(id)!.supervisor!.pid, 'SIGSTOP');
  first.kill('SIGKILL');
  process.kill(record(id)!.supervisor!.pid, 'SIGKILL');
  expect(place.isAnyRunning()).toBe(true);
  await worker(options);
  expect(await outcome(id)).toMatchObject(done);
  expect(mostAtOnce(place.events())).toBe(1);
});

it('a task that an operator terminates: its program ends, and its key stays taken until then', async () => {
  const { id, options } = await start({ command: program('stubborn'), key: 'one' });
  await worker(options);
  await starts(1);
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const client = new Client({ connection });
  await client.workflow.getHandle(id).terminate();
  const tool = stack.tasks.tools[0]!;
  await stack.tasks.engine.start({ owner: 'ann', tool, args: {}, ttl: null });
  await starts(2);
  expect(mostAtOnce(place.events())).toBe(1);
  await connection.close();
});

it('an attempt on another machine: the next one waits until its lease has certainly ended', async () => {
  const { id } = await start({ command: program('print', '0') });
  const waits: number[] = [];
  const folder = new TaskFolder(place.options.dir, id);
  const other = { attempt: 3, host: 'another', outlives: 10 };
  const stop = { signal: 'SIGTERM', grace: 0 } as const;
  const signal = AbortSignal.timeout(100);
  const wait = async (before: object): Promise<void> => {
    const all = { attempt: 3, local: undefined, reported: undefined, mark: folder.mark, outlives: 20, ...before };
    await endPredecessor(all, stop, (length) => waits.push(length), signal).catch(() => undefined);
  };
  await wait({ reported: { ...other, endedAt: 1 } });
  expect(waits).toEqual([]);
  await wait({ reported: other });
  await wait({ reported: { ...other, attempt: 2, endedAt: 1, outlives: 5_000 } });
  await wait({});
  expect(waits).toEqual([3_020, 8_000, 3_020]);
});
