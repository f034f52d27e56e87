/** Programs as durable tools, on a worker in this process. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineCommand, type CommandOptions, type DurableTool } from '../../src/index.js';
import { fromJsonSchema } from '../../src/tool/json-schema.js';
import type { Outcome, Task } from '../../src/task/task.js';
import { statusMessage } from '../../src/task/message.js';
import { resultText } from '../../src/task/result.js';
import { mostAtOnce, program, programPlace, type ProgramPlace } from '../helpers/programs.js';
import { startStack, type Stack } from '../helpers/stack.js';

const inputSchema = fromJsonSchema({ type: 'object', properties: { a: {}, b: {} }, additionalProperties: false });
const retry = { maximumAttempts: 3, initialInterval: '10 ms' } as const;

let place: ProgramPlace;
let stack: Stack | undefined;

beforeEach(async () => {
  place = await programPlace();
});
afterEach(async () => {
  await stack?.close();
  stack = undefined;
  await place.close();
});

type Options = Pick<CommandOptions, 'command'> & Partial<CommandOptions>;

const tool = (options: Options): DurableTool =>
  defineCommand({ name: 'run', inputSchema, retry, ...place.options, ...options });

async function serve(...tools: DurableTool[]): Promise<Awaited<ReturnType<Stack['startWorker']>>> {
  stack = await startStack(tools);
  return await stack.startWorker();
}

const start = async (given: DurableTool, args: object = {}): Promise<string> =>
  (await stack!.tasks.engine.start({ owner: 'ann', tool: given, args, ttl: null })).id;
const outcomeOf = async (id: string): Promise<Outcome> => (await stack!.tasks.engine.result('ann', id)).outcome;

async function when(id: string, fits: (task: Task) => boolean): Promise<Task> {
  for await (const task of stack!.tasks.engine.watch('ann', id, AbortSignal.timeout(30_000)))
    if (fits(task)) return task;
  throw new Error('the task ended before that');
}

async function run(options: Options, args: object = {}): Promise<Outcome> {
  const given = tool(options);
  await serve(given);
  return await outcomeOf(await start(given, args));
}

const textOf = (outcome: Outcome): string => {
  if (outcome.kind !== 'result') throw new Error(JSON.stringify(outcome));
  return resultText(outcome.result);
};
const working = async (): Promise<void> => {
  await expect.poll(() => place.events().filter(({ event }) => event === 'tick').length).toBeGreaterThan(2);
};

describe('a program', () => {
  it('gets its arguments without a shell, a clean environment, and secrets that its log hides', async () => {
    process.env['MCP_TASKS_TEST_SECRET'] = 'hunter2-hunter2';
    try {
      const outcome = await run(
        {
          command: program('print', '0', '{a}', '--b={b}'),
          env: { ...place.options.env, SECRET: '${MCP_TASKS_TEST_SECRET}' },
        },
        { a: '$HOME; `id` "\'' },
      );
      const text = textOf(outcome);
      expect(text).toContain('is done (exit code 0, attempt 1)');
      expect(text).toContain(`\n$HOME; \`id\` "'\n`);
      expect(text).toContain(place.cwd);
      expect(text).toContain('secret=***');
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain('MCP_TASKS_TEST_SECRET');
      expect(/env (.*) secret/.exec(text)?.[1]?.split(' ')).toEqual(
        expect.arrayContaining(['EVENTS', 'PATH', 'SECRET']),
      );
    } finally {
      delete process.env['MCP_TASKS_TEST_SECRET'];
    }
  });

  it('reports progress and its last lines, and returns its outputs', async () => {
    const given = tool({
      command: program('steps', '5', '20', 'go'),
      progress: { regex: '^step (?<current>\\d+)/(?<total>\\d+): (?<message>.*)' },
      outputs: ['out.json'],
      result: 'out.json',
    });
    await serve(given);
    const id = await start(given);
    const task = await when(id, ({ steps }) => (steps[0]?.progress?.progress ?? 0) >= 2);
    expect(task.steps[0]?.progress).toMatchObject({
      total: 5,
      message: expect.stringMatching(/^part \d\n(.*\n)*step/),
    });
    expect(statusMessage(task)).toContain('part');
    await writeFile(join(place.cwd, 'go'), '');
    expect(await outcomeOf(id)).toMatchObject({
      kind: 'result',
      result: {
        structuredContent: {
          exitCode: 0,
          attempts: 1,
          outputs: [{ path: 'out.json', size: 11, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
          result: { steps: 5 },
        },
      },
    });
  });

  it.each([
    ['is missing', { command: ['no-such-program-of-ours'] as const }, 'has no program "no-such-program-of-ours"'],
    ['has no folder', { command: program('print'), cwd: '/no/such/folder' }, 'does not exist on this worker'],
    [
      'lacks a variable',
      { command: program('print'), env: { A: '${MCP_TASKS_NO_SUCH}' } },
      'no variable MCP_TASKS_NO_SUCH',
    ],
    ['lacks an output', { command: program('print'), outputs: ['none.txt'] }, 'output none.txt is missing'],
    ['would get an option', { command: program('print', '0', '{a}') }, '"a" must not start with "-"'],
  ] satisfies [string, Options, string][])('that %s ends its task at once', async (_, options, message) => {
    const outcome = await run(options, { a: '-x' });
    expect(outcome).toMatchObject({ kind: 'result', result: { isError: true } });
    expect(textOf(outcome)).toContain(message);
  });
});

describe('exit codes', () => {
  const codes = (...all: string[]) => program('codes', join(place.cwd, 'starts'), ...all);

  it('are retried, and the next attempt resumes', async () => {
    const outcome = await run({ command: codes('7', '0'), resume: codes('0', '0', '0') });
    expect(outcome).toMatchObject({ result: { structuredContent: { attempts: 2 } } });
    expect(place.starts().map((argv) => argv.slice(2))).toEqual([
      ['7', '0'],
      ['0', '0', '0'],
    ]);
  });

  it('that are partial resume at once', async () => {
    const outcome = await run({
      command: codes('1', '0'),
      resume: codes('1', '1', '0'),
      exit: { partial: [1] },
      retry: { maximumAttempts: 3, initialInterval: '1 hour', maximumInterval: '1 hour' },
    });
    expect(outcome).toMatchObject({ result: { structuredContent: { attempts: 3 } } });
  });

  it('that are permanent end the task with the last lines', async () => {
    const outcome = await run({ command: codes('2', '0'), exit: { permanent: [2] } });
    expect(outcome).toMatchObject({ result: { isError: true } });
    expect(textOf(outcome)).toMatch(
      /ended with exit code 2\. Its last lines:\nstart 0\n\n.*whole log is resource mcp-task:\/\/mcp-/s,
    );
    expect(place.starts()).toHaveLength(1);
  });

  it('end the task once the attempts are used up', async () => {
    const outcome = await run({ command: codes('3') });
    expect(JSON.stringify(outcome)).toContain('ended with exit code 3');
    expect(place.starts()).toHaveLength(3);
  });

  it('start from the beginning if the program has not left what it would resume from', async () => {
    await run({ command: codes('7', '7', '0'), resume: codes('9'), resumeIf: 'state' });
    expect(place.starts().map((argv) => argv.slice(2))).toEqual(Array.from({ length: 3 }, () => ['7', '7', '0']));
  });

  it('resume if it has', async () => {
    await writeFile(join(place.cwd, 'starts'), '0');
    await run({ command: codes('7', '0'), resume: codes('9', '0'), resumeIf: 'starts' });
    expect(place.starts().map((argv) => argv.slice(2))).toEqual([
      ['7', '0'],
      ['9', '0'],
    ]);
  });
});

describe('a cancelled task', () => {
  it('asks its program to stop, then cleans up', async () => {
    const given = tool({
      command: program('forever'),
      stop: { signal: 'SIGINT' },
      cleanup: program('print', '0', 'clean', '{a}'),
    });
    await serve(given);
    const id = await start(given, { a: 'x' });
    await working();
    await stack!.tasks.engine.cancel('ann', id);
    await expect.poll(() => place.starts().length).toBe(2);
    expect(
      place
        .events()
        .map(({ event }) => event)
        .filter((event) => event !== 'tick'),
    ).toEqual(['start', 'SIGINT', 'start']);
    expect(place.starts()[1]).toEqual(['print', '0', 'clean', 'x']);
    await expect.poll(() => place.isAnyRunning()).toBe(false);
    expect(await outcomeOf(id)).toEqual({ kind: 'cancelled' });
  });

  it('kills a program that does not stop, with everything that it has started', async () => {
    const given = tool({ command: program('parent'), stop: { grace: '300 ms' } });
    await serve(given);
    const id = await start(given);
    await expect.poll(() => new Set(place.events().map(({ pid }) => pid)).size).toBe(3);
    await stack!.tasks.engine.cancel('ann', id);
    await expect.poll(() => place.isAnyRunning()).toBe(false);
    expect(place.events().map(({ event }) => event)).toContain('SIGTERM');
  });
});

it('what a program leaves behind is ended before its task is done', async () => {
  const outcome = await run({ command: program('parent', 'ends'), stop: { grace: '300 ms' } });
  expect(outcome).toMatchObject({ result: { structuredContent: { exitCode: 0 } } });
  expect(place.isAnyRunning()).toBe(false);
});

it('a worker that stops ends the program, which does not count as a failed attempt', async () => {
  const given = tool({
    command: program('forever'),
    resume: program('print', '0', 'resumed'),
    retry: { maximumAttempts: 1 },
  });
  const { stop } = await serve(given);
  const id = await start(given);
  await working();
  await stop();
  expect(place.isAnyRunning()).toBe(false);
  expect(place.events().map(({ event }) => event)).toContain('SIGTERM');
  await stack!.startWorker();
  expect(await outcomeOf(id)).toMatchObject({ result: { structuredContent: { attempts: 2 } } });
  expect(place.starts()[1]).toEqual(['print', '0', 'resumed']);
});

describe('a key', () => {
  it('lets one task run at a time, and the others wait', async () => {
    const given = tool({ command: program('steps', '10', '20'), key: '{cwd} {a}' });
    await serve(given);
    const ids = await Promise.all([1, 1, 1].map(async (a) => await start(given, { a })));
    await Promise.race(
      ids.map(
        async (id) => await when(id, (task) => statusMessage(task)?.includes('waiting for another task') ?? false),
      ),
    );
    for (const id of ids) expect(await outcomeOf(id)).toMatchObject({ result: { structuredContent: { exitCode: 0 } } });
    expect(place.starts()).toHaveLength(3);
    expect(mostAtOnce(place.events())).toBe(1);
  });

  it('does not keep tasks with other keys waiting', async () => {
    const given = tool({ command: program('forever'), key: '{a}' });
    await serve(given);
    for (const a of [1, 2]) await start(given, { a });
    await expect.poll(() => mostAtOnce(place.events())).toBe(2);
  });

  it('is free at once after a cancelled task, whose waiting can be cancelled too', async () => {
    const given = tool({ command: program('forever'), key: 'one', timeouts: { heartbeat: '1 hour' } });
    await serve(given);
    const [first, second] = [await start(given), await start(given)];
    await when(second, (task) => statusMessage(task)?.includes('waiting for another task') ?? false).catch(
      () => undefined,
    );
    await working();
    const running = place.starts().length;
    expect(running).toBe(1);
    await stack!.tasks.engine.cancel('ann', first);
    await stack!.tasks.engine.cancel('ann', second);
    const third = await start(given);
    await expect.poll(() => mostAtOnce(place.events()), { timeout: 30_000 }).toBe(1);
    await expect.poll(() => place.starts().length, { timeout: 30_000 }).toBeGreaterThan(running);
    await stack!.tasks.engine.cancel('ann', third);
  });
});

describe('a plan', () => {
  const planned = () =>
    tool({
      command: program('print', '0', 'done'),
      plan: program('print', '0', 'would do', '{a}'),
      question: 'Really run {a}?',
    });

  async function asked(given: DurableTool): Promise<{ id: string; key: string; message: unknown }> {
    const id = await start(given, { a: 'x' });
    const { inputs } = await when(id, (task) => Object.keys(task.inputs).length > 0);
    const [[key, request]] = Object.entries(inputs) as unknown as [[string, { params: { message: unknown } }]];
    return { id, key, message: request.params.message };
  }

  it('is shown in the question, and nothing runs before the answer', async () => {
    const given = planned();
    await serve(given);
    const { id, key, message } = await asked(given);
    expect(message).toMatch(/^Really run x\?\n\nwould do\|x\n/);
    expect(place.starts()).toHaveLength(1);
    await stack!.tasks.engine.respond('ann', id, { [key]: { action: 'accept', content: {} } });
    expect(textOf(await outcomeOf(id))).toContain('done');
  });

  it('that is declined starts nothing', async () => {
    const given = planned();
    await serve(given);
    const { id, key } = await asked(given);
    await stack!.tasks.engine.respond('ann', id, { [key]: { action: 'decline' } });
    expect(textOf(await outcomeOf(id))).toContain('nothing was started');
    expect(place.starts()).toHaveLength(1);
  });

  it('that fails starts nothing', async () => {
    const outcome = await run({ command: program('print', '0'), plan: program('print', '4', 'bad') });
    expect(textOf(outcome)).toMatch(/Nothing was started: the plan of run ended with exit code 4\.\nbad/);
  });
});

it('lists everything that is wrong with the options', async () => {
  await mkdir(join(place.cwd, 'x'));
  expect(existsSync(join(place.cwd, 'x'))).toBe(true);
  expect(() =>
    tool({
      command: ['run', '{c}'],
      resume: ['{a}'],
      key: '{d}',
      progress: { regex: '(a)(?=b)' },
      exit: { partial: [1], permanent: [1] },
      outputs: ['/etc/passwd', '../x'],
      env: { 'A B': 'x' },
      stop: { grace: '1 hour' },
    }),
  ).toThrow(
    new RegExp(
      [
        'command: \\{c\\} is not an argument of this tool; did you mean \\{a\\}\\?',
        'resume: `resume` must begin with the name of a program: an argument cannot choose it',
        'key: \\{d\\} is not an argument',
        'progress.regex: .*linear time',
        'exit: exit code 1 has two meanings',
        'outputs.0: must be a path within',
        'outputs.1: must be a path within',
        'env.A B: is not the name',
        'stop.grace: `stop.grace` must be at most 10 minutes',
      ].join('[^]*'),
    ),
  );
});
