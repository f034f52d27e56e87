/** How watchers share what is scarce: reads, long polls, and time. Counted, with simulated time and reads. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Task } from '../../src/task/task.js';
import type { TaskReader } from '../../src/temporal/read/read.js';
import type { Calls } from '../../src/temporal/rpc/calls.js';
import { msToTs } from '../../src/temporal/seam.js';
import { StartedTasks } from '../../src/temporal/start/started-tasks.js';
import type { Wanted } from '../../src/temporal/watch/follower.js';
import { looksUntilDue } from '../../src/temporal/watch/pace.js';
import { PollBudget } from '../../src/temporal/watch/poll-budget.js';
import { ReadQueue } from '../../src/temporal/watch/read-queue.js';
import { Watchers } from '../../src/temporal/watch/watchers.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('reads', () => {
  /** The names of the reads that have begun. */
  let begun: string[];
  /** Ends the reads that run. */
  let ends: (() => void)[];
  beforeEach(() => {
    begun = [];
    ends = [];
  });
  const read = (name: string) => async (): Promise<void> => {
    begun.push(name);
    await new Promise<void>((end) => void ends.push(end));
  };
  const settle = async (): Promise<unknown> => await vi.advanceTimersByTimeAsync(0);
  const endOldest = async (): Promise<void> => {
    ends.shift()?.();
    await settle();
  };

  it('of an owner are limited, and do not delay another owner’s', async () => {
    const queue = new ReadQueue({ owner: 2, alone: 2, all: 3 });
    for (let task = 0; task < 100; task++) queue.enter('bob', 'soon', read('bob'));
    await settle();
    expect(begun).toEqual(['bob', 'bob']);
    for (let task = 0; task < 3; task++) queue.enter('ann', 'later', read('ann'));
    await settle();
    expect(begun).toEqual(['bob', 'bob', 'ann']);
    for (let ended = 0; ended < 4; ended++) await endOldest();
    expect(begun.slice(3)).toEqual(['bob', 'ann', 'bob', 'ann']);
  });

  it('of an owner that is alone are more at a time', async () => {
    const queue = new ReadQueue({ owner: 1, alone: 3, all: 5 });
    for (let task = 0; task < 4; task++) queue.enter('bob', 'soon', read('bob'));
    await settle();
    expect(begun).toEqual(['bob', 'bob', 'bob']);
    queue.enter('ann', 'later', read('ann'));
    await settle();
    await endOldest();
    // Now an owner has one read at a time, and he has two.
    expect(begun).toEqual(['bob', 'bob', 'bob', 'ann']);
  });

  it('that are urgent go ahead of the same owner’s others', async () => {
    const queue = new ReadQueue({ owner: 1, alone: 1, all: 1 });
    queue.enter('bob', 'later', read('first'));
    await settle();
    queue.enter('bob', 'later', read('later'));
    queue.enter('bob', 'later', read('gone')).leave();
    const hastened = queue.enter('bob', 'later', read('hastened'));
    queue.enter('bob', 'soon', read('urgent'));
    hastened.hasten();
    while (ends.length > 0) await endOldest();
    expect(begun).toEqual(['first', 'urgent', 'hastened', 'later']);
  });

  it('that wait for something else make way, and count only once', async () => {
    const queue = new ReadQueue({ owner: 1, alone: 1, all: 1 });
    queue.enter('bob', 'soon', read('hanging'));
    queue.enter('ann', 'soon', read('ann'));
    await settle();
    expect(begun).toEqual(['hanging']);
    await vi.advanceTimersByTimeAsync(20);
    expect(begun).toEqual(['hanging', 'ann']);
    await endOldest();
    await endOldest();
    queue.enter('bob', 'soon', read('one'));
    queue.enter('bob', 'soon', read('two'));
    await settle();
    expect(begun).toEqual(['hanging', 'ann', 'one']);
  });
});

describe('long polls', () => {
  /** Takes long polls, and returns how many of them this owner got and still has. */
  function taking(budget: PollBudget, owner: string, number: number): () => number {
    const slots = Array.from({ length: number }, () => budget.take(owner)).filter((slot) => slot !== undefined);
    return () => slots.filter(({ lost }) => !lost.aborted).length;
  }

  it('are shared out evenly among the owners who want them', () => {
    const budget = new PollBudget(12);
    const bob = taking(budget, 'bob', 100);
    expect(bob()).toBe(12);
    const ann = taking(budget, 'ann', 2);
    expect([bob(), ann()]).toEqual([10, 2]);
    const eve = taking(budget, 'eve', 100);
    expect([bob(), ann(), eve()]).toEqual([5, 2, 5]);
    expect(taking(budget, 'bob', 1)()).toBe(0);
  });

  it('are lost by those who can do without to those who cannot', () => {
    const budget = new PollBudget(2);
    let loose = true;
    const bob = budget.take('bob', () => loose);
    const ann = budget.take('ann');
    expect(budget.take('eve', () => true)).toBeUndefined();
    expect(budget.take('ann')).toBeDefined();
    expect([bob?.lost.aborted, ann?.lost.aborted]).toEqual([true, false]);
    expect(budget.take('ann')).toBeUndefined();
    // It is asked when the long poll is needed.
    loose = false;
    const alone = new PollBudget(1);
    alone.take('bob', () => loose);
    expect(alone.take('ann')).toBeUndefined();
  });

  it('can be taken again once released', () => {
    const budget = new PollBudget(1);
    const slot = budget.take('bob');
    expect(budget.take('ann')).toBeUndefined();
    slot?.release();
    slot?.release();
    expect(budget.take('ann')).toBeDefined();
    expect(budget.take('bob')).toBeUndefined();
  });
});

describe('time', () => {
  it.each([
    [0, 1, 2],
    [5_000, 1, 2],
    [10_000, 2, 2],
    [30_000, 6, 6],
    [60_000, 12, 12],
    [3_600_000, 30, 30],
    [-60_000, 1, 2],
  ])(
    'a task that has not changed for %i ms is due after %i looks, without wanted progress %i',
    (quiet, is, without) => {
      expect(looksUntilDue({ quiet, progress: true, followed: 1 })).toBe(is);
      expect(looksUntilDue({ quiet, progress: false, followed: 1 })).toBe(without);
    },
  );

  it('an owner’s many tasks that do not move are read less often, but those that move are not', () => {
    expect(looksUntilDue({ quiet: 10_000, progress: true, followed: 100 })).toBe(2);
    expect(looksUntilDue({ quiet: 10_000, progress: true, followed: 2_000 })).toBe(40);
    expect(looksUntilDue({ quiet: 3_600_000, progress: false, followed: 2_000 })).toBe(40);
    expect(looksUntilDue({ quiet: 4_000, progress: true, followed: 2_000 })).toBe(1);
  });

  const UNUSED = {
    runId: 'r',
    historyLength: 1,
    lookAgainAt: undefined,
    late: undefined,
    answeredAt: new Map<string, number>(),
    unsure: new Set<string>(),
  };

  const minutes = async (number: number): Promise<unknown> => await vi.advanceTimersByTimeAsync(number * 60_000);

  /** Watchers of simulated tasks whose progress is `state.progress`. */
  function simulated(longPolls: number) {
    const state = {
      reads: 0,
      readOf: [] as string[],
      progress: 0,
      polls: 0,
      /** The IDs of tasks whose run `r` the visibility store shows as closed. @default the store fails */
      closed: undefined as string[] | undefined,
      /** Reads of these tasks hang. */
      hanging: [] as string[],
    };
    const reader: Pick<TaskReader, 'readRun' | 'end' | 'withPastReports'> = {
      readRun: async (id) => {
        state.reads++;
        state.readOf.push(id);
        if (state.hanging.includes(id)) await new Promise(() => undefined);
        const progress = { progress: state.progress };
        const task: Task = { id, tool: 't', createdAt: 0, updatedAt: 0, ttl: null, inputs: {}, steps: [], progress };
        return await Promise.resolve({ task, ...UNUSED });
      },
      end: async ({ task }) => await Promise.resolve({ task: { ...task, outcome: { kind: 'cancelled' } }, ...UNUSED }),
      withPastReports: async ({ task }) => await Promise.resolve(task),
    };
    // Nothing ever happens in the history. As on a Temporal server, a long poll ends a second before its deadline.
    const closing = new AbortController();
    const closeTime = msToTs(Date.now());
    const workflowService = {
      listWorkflowExecutions: async () => {
        if (!state.closed) throw new Error('no answer');
        const executions = state.closed.map((workflowId) => ({ execution: { workflowId, runId: 'r' }, closeTime }));
        return await Promise.resolve({ executions });
      },
      getWorkflowExecutionHistory: async () =>
        await Promise.resolve({ history: { events: [{ workflowExecutionCompletedEventAttributes: {} }] } }),
    };
    const calls = {
      closing: closing.signal,
      client: { options: { namespace: 'default' }, workflowService },
      run: async (_: number, call: () => Promise<unknown>) => await call(),
      async once(until: number, call: () => Promise<unknown>, signal?: AbortSignal) {
        if (!signal) return await call();
        state.polls++;
        const wait = Math.min(20_000, Math.max(0, until - Date.now() - 1_000));
        await new Promise((resolve, reject) => {
          setTimeout(resolve, wait);
          signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        });
        return { nextPageToken: new Uint8Array([1]) };
      },
    };
    const started = new StartedTasks();
    const watchers = new Watchers(calls as unknown as Calls, reader as TaskReader, started, {
      maxLongPolls: longPolls,
    });
    const follow = (id: string, wanted: Wanted, owner = 'bob'): { readonly seen: number[] } => {
      const seen: number[] = [];
      const watch = async (): Promise<void> => {
        const options = { wanted: () => wanted };
        for await (const task of watchers.watch({ owner, id, signal: undefined }, options))
          seen.push(task.progress?.progress ?? -1);
      };
      watch().catch(() => undefined);
      return { seen };
    };
    return { state, started, follow, close: () => closing.abort() };
  }

  it.each([
    ['with a long poll', 1],
    ['without one', 0],
  ])('an idle task is read ever less often, %s, however many follow it', async (_, longPolls) => {
    const { state, follow, close } = simulated(longPolls);
    for (let number = 0; number < 20; number++) follow('task', 'progress');
    await minutes(10);
    expect(state.reads).toBeLessThan(25);
    expect(state.reads).toBeGreaterThan(15);
    close();
  });

  it('a task that moves is read every second, and only for those who want its progress', async () => {
    const { state, follow, close } = simulated(1);
    const wanting = follow('task', 'progress');
    const other = follow('task', 'news');
    for (let second = 0; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      state.progress++;
    }
    // Its progress had not changed before, so the first look comes late.
    expect(wanting.seen.length).toBeGreaterThan(25);
    expect(other.seen).toEqual([0]);
    const before = state.reads;
    await minutes(5);
    expect(state.reads - before).toBeLessThan(40);
    expect(wanting.seen.at(-1)).toBe(60);
    close();
  });

  it('a task that has just started is read soon if another owner gets its long poll', async () => {
    const { state, started, follow, close } = simulated(2);
    for (const id of ['first', 'second']) {
      const now = Date.now();
      const task: Task = { id, tool: 't', createdAt: now, updatedAt: now, ttl: null, inputs: {}, steps: [] };
      started.add({ task, runId: 'r' });
      follow(id, 'ending');
    }
    follow('hers', 'ending', 'ann');
    await vi.advanceTimersByTimeAsync(3_000);
    expect(state.readOf).toContain('first');
    close();
  });

  it('a follower does not get the end that a task had before it came, because it may have been reset', async () => {
    const { state, started, follow, close } = simulated(0);
    state.hanging = ['first', 'second'];
    for (const id of state.hanging) follow(id, 'ending');
    // The store shows its end while its own read still waits for the others.
    const task: Task = { id: 'reset', tool: 't', createdAt: 0, updatedAt: 0, ttl: null, inputs: {}, steps: [] };
    started.add({ task, runId: 'r' });
    state.closed = ['reset'];
    follow('reset', 'ending');
    await vi.advanceTimersByTimeAsync(100);
    expect(state.readOf).toEqual(['first', 'second', 'reset']);
    close();
  });

  it.each(['news', 'ending'] as const)(
    'waiting for an hour for the %s of an idle task takes only long polls',
    async (wanted) => {
      const { state, follow, close } = simulated(1);
      follow('task', wanted);
      await minutes(1);
      // Once at first, and once when following its history begins.
      expect(state.reads).toBe(2);
      const { polls } = state;
      await minutes(60);
      expect(state.reads).toBe(2);
      expect(state.polls - polls).toBe(180);
      close();
    },
  );
});
