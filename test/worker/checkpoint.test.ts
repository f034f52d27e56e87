/** A checkpoint is the value as it was when the step saved it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, type DurableTool } from '../../src/index.js';
import { startStack, type Stack } from '../helpers/stack.js';

const inputSchema = z.object({});
const retry = { maximumAttempts: 3, initialInterval: '10 ms' } as const;

/** What each attempt resumed from, by tool. */
let resumed: unknown[];

const changing = defineTool({
  name: 'changing',
  inputSchema,
  retry,
  async run(_, ctx) {
    resumed.push(structuredClone(ctx.lastCheckpoint));
    const done = (ctx.lastCheckpoint as number[] | undefined) ?? [];
    // What the second attempt adds is never saved.
    done.push(ctx.attempt);
    if (ctx.attempt === 1) ctx.checkpoint(done);
    done.push(-ctx.attempt);
    if (ctx.attempt < 3) throw new Error('again');
    return await Promise.resolve('done');
  },
});

const unencodable = defineTool({
  name: 'unencodable',
  inputSchema,
  retry,
  async run(_, ctx) {
    resumed.push(ctx.lastCheckpoint);
    ctx.checkpoint({ rows: 10n });
    return await Promise.resolve('done');
  },
});

const destructured = defineTool({
  name: 'destructured',
  inputSchema,
  retry,
  async run(_, { attempt, lastCheckpoint, progress, checkpoint }) {
    resumed.push(lastCheckpoint);
    progress(attempt, 2);
    checkpoint(attempt);
    if (attempt === 1) throw new Error('again');
    return await Promise.resolve('done');
  },
});

let stack: Stack;
beforeEach(async () => {
  resumed = [];
  stack = await startStack([changing, unencodable, destructured]);
  await stack.startWorker();
});
afterEach(async () => await stack.close());

async function outcomeOf(tool: DurableTool): Promise<unknown> {
  const { id } = await stack.tasks.engine.start({ owner: 'ann', tool, args: {}, ttl: null });
  return (await stack.tasks.engine.result('ann', id)).outcome;
}

it('does not follow later changes of the value', async () => {
  expect(await outcomeOf(changing)).toMatchObject({ result: { content: [{ text: 'done' }] } });
  expect(resumed).toEqual([undefined, [1], [1]]);
});

it('refuses a value that cannot be encoded, where it is saved', async () => {
  expect(await outcomeOf(unencodable)).toMatchObject({
    result: {
      isError: true,
      content: [{ text: expect.stringMatching(/^The checkpoint cannot be encoded\. Pass a JSON value/) }],
    },
  });
  expect(resumed).toHaveLength(1);
});

it('is saved by a tool that takes its context apart', async () => {
  expect(await outcomeOf(destructured)).toMatchObject({ result: { content: [{ text: 'done' }] } });
  expect(resumed).toEqual([undefined, 1]);
});
