/** The limits by themselves: options, rates, shares, running tasks and unread responses. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { limitsOf } from '../../src/mcp/quota/limits.js';
import { Quota } from '../../src/mcp/quota/quota.js';
import { Rate } from '../../src/mcp/quota/rate.js';
import { RunningTasks } from '../../src/mcp/quota/running.js';
import { SharedCount } from '../../src/mcp/quota/shares.js';
import { SHARED, type LimitOptions } from '../../src/mcp/quota/table.js';
import { countUnread, type UnreadOptions } from '../../src/mcp/quota/unread.js';
import { SessionMemory } from '../../src/mcp/push/session-memory.js';
import { LimitExceeded } from '../../src/protocol/errors.js';
import { VERSIONS } from '../../src/protocol/registry.js';
import type { Owner } from '../../src/protocol/request.js';
import type { Logger } from '../../src/index.js';
import type { Task } from '../../src/task/task.js';
import { silent } from '../helpers/stack.js';

const ann: Owner = { id: 'ann', mayList: true, authenticated: true };
const bob: Owner = { id: 'bob', mayList: true, authenticated: true };
const nobody: Owner = { id: 'anonymous', mayList: false, authenticated: false };

describe('the options', () => {
  it('leave each owner at most a quarter of the process by default', () => {
    for (const { perOwner, perProcess } of Object.values(SHARED)) expect(perOwner * 4).toBeLessThanOrEqual(perProcess);
    expect(limitsOf({ streams: { perProcess: 100 } }).streams).toEqual({ owner: 25, process: 100 });
    expect(limitsOf({ streams: { perProcess: 2 } }).streams).toEqual({ owner: 1, process: 2 });
    expect(limitsOf({ streams: { perOwner: 90, perProcess: 100 } }).streams).toEqual({ owner: 90, process: 100 });
    expect(limitsOf({ streams: { perOwner: 90, perProcess: 10 } }).streams).toEqual({ owner: 10, process: 10 });
  });

  it('remove a limit with false or Infinity', () => {
    const none = { owner: Infinity, process: Infinity };
    expect(limitsOf({ streams: false }).streams).toEqual(none);
    expect(limitsOf({ streams: { perOwner: false, perProcess: Infinity } }).streams).toEqual(none);
    expect(limitsOf({ streams: { perOwner: false } }).streams).toEqual({ owner: 1_024, process: 1_024 });
    expect(limitsOf({ requestBytes: false }).requestBytes).toBe(Infinity);
  });

  it.each([
    [{ stream: false }, 'limits.stream: there is no such limit'],
    [{ streams: 5 }, 'limits.streams: write { perOwner, perProcess }, or false'],
    [{ streams: { owner: 5 } }, 'limits.streams.owner: write perOwner or perProcess'],
    [{ streams: { perOwner: 0 } }, 'limits.streams.perOwner: write a whole number above 0, or false for no limit'],
    [{ requestBytes: '4 MiB' }, 'limits.requestBytes: write a whole number above 0'],
  ])('%j is refused', (options, problem) => {
    expect(() => limitsOf(options as LimitOptions)).toThrow(problem);
  });
});

it('a rate lets a burst through, then one at a time', () => {
  const rate = new Rate();
  const options = { perSecond: 10, burst: 3 };
  for (let n = 0; n < 3; n++) {
    expect(rate.wait('a', options, 0)).toBe(0);
    rate.take('a', options, 0);
  }
  expect(rate.wait('a', options, 0)).toBe(100);
  expect(rate.wait('b', options, 0)).toBe(0);
  expect(rate.wait('a', options, 40)).toBe(60);
  expect(rate.wait('a', options, 100)).toBe(0);
  rate.giveBack('a', options);
  expect(rate.wait('a', options, 0)).toBe(0);
});

it('a count is limited for each owner and for all', () => {
  const count = new SharedCount();
  const bound = { owner: 2, process: 3 };
  expect([count.take('a', bound), count.take('a', bound)]).toEqual([undefined, undefined]);
  expect(count.take('a', bound)).toEqual({ scope: 'owner', allowed: 2 });
  expect(count.take('b', bound)).toBeUndefined();
  expect(count.take('b', bound)).toEqual({ scope: 'process', allowed: 3 });
  count.give('a');
  expect(count.take('b', bound)).toBeUndefined();
  const bytes = new SharedCount();
  expect(bytes.take('a', bound, 100)).toBeUndefined();
  expect(bytes.take('a', bound, 1)).toEqual({ scope: 'owner', allowed: 2 });
});

describe('a refusal names the limit', () => {
  const create = (limits: LimitOptions): Quota =>
    new Quota({
      limits: limitsOf(limits),
      pollInterval: 1_000,
      count: async () => await Promise.resolve(0),
      logger: silent,
    });
  const OF_PROCESS = 'for all callers of this server process.';
  const OF_ANONYMOUS = 'for all callers without an access token.';

  it('of all callers without a token, which is that of the process until a caller with a token appears', () => {
    const quota = create({
      streams: { perOwner: 1, perProcess: 4 },
      startsPerMinute: { perOwner: 1, perProcess: 2 },
      runningTasks: { perOwner: 1, perProcess: 2 },
      unreadBytes: { perOwner: 1, perProcess: 2 },
    });
    quota.hold({ owner: nobody }, 'streams');
    quota.hold({ owner: nobody }, 'streams');
    for (const id of ['one', 'two']) quota.start({ owner: nobody }, undefined).started({ id }, false);
    expect(() => quota.start({ owner: nobody }, undefined)).toThrow(
      `Too many running tasks: the limit is 2 ${OF_PROCESS}`,
    );
    quota.ended(nobody.id, { id: 'one', outcome: { kind: 'cancelled' } } as Task);
    expect(() => quota.start({ owner: nobody }, undefined)).toThrow(
      `Too many task starts per minute: the limit is 2 ${OF_PROCESS}`,
    );
    quota.unread({ owner: nobody }, 2);
    expect(quota.unreadReached({ owner: nobody })?.message).toContain(`the limit is 2 bytes ${OF_PROCESS}`);

    quota.hold({ owner: ann }, 'streams');
    expect(() => quota.hold({ owner: nobody }, 'streams')).toThrow(
      `Too many open streams: the limit is 1 ${OF_ANONYMOUS} This request changed nothing. Wait 1 second, then send it again.`,
    );
    expect(() => quota.hold({ owner: ann }, 'streams')).toThrow('the limit is 1 for each caller.');
    quota.hold({ owner: bob }, 'streams');
    expect(() => quota.hold({ owner: { ...bob, id: 'eve' } }, 'streams')).toThrow(
      `Too many open streams: the limit is 4 ${OF_PROCESS}`,
    );
  });

  it('of the process if an owner may use all of it', () => {
    const quota = create({ streams: { perOwner: false, perProcess: 1 } });
    quota.hold({ owner: ann }, 'streams');
    expect(() => quota.hold({ owner: ann }, 'streams')).toThrow(`the limit is 1 ${OF_PROCESS}`);
  });

  it('of reads of one task', () => {
    const quota = create({ readsPerPoll: 1 });
    const read = (owner: Owner) => () => {
      for (let n = 0; n < 20; n++) quota.read({ owner }, 'task');
    };
    expect(read(ann)).toThrow('Too many reads of one task per poll interval: the limit is 1 for each caller.');
    expect(read(nobody)).toThrow(`the limit is 1 ${OF_ANONYMOUS}`);
  });
});

describe('running tasks', () => {
  afterEach(() => vi.useRealTimers());
  const bound = { owner: 2, process: 3 };

  it('are counted in the background; the last count applies while Temporal cannot count', async () => {
    vi.useFakeTimers();
    const warn = vi.fn<Logger['warn']>();
    const count = vi.fn<(owner: string) => Promise<number>>().mockResolvedValue(2);
    const running = new RunningTasks({ count, logger: { ...silent, warn } });
    // Nothing is known about the owner yet, and nobody waits.
    expect(running.exceeded('ann', bound)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(0);
    expect(running.exceeded('ann', bound)).toEqual({ scope: 'owner', allowed: 2 });
    count.mockRejectedValue(new Error('down'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(running.exceeded('ann', bound)).toEqual({ scope: 'owner', allowed: 2 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(running.exceeded('ann', bound)).toEqual({ scope: 'owner', allowed: 2 });
    expect(warn).toHaveBeenCalledTimes(1);
    count.mockResolvedValue(0);
    await vi.advanceTimersByTimeAsync(60_000);
    running.exceeded('ann', bound);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(running.exceeded('ann', bound)).toBeUndefined();
    running.close();
  });

  it('include those that started or ended here since the count, each once', async () => {
    vi.useFakeTimers();
    const counts = vi.fn<(owner: string, before: number) => Promise<number>>().mockResolvedValue(0);
    const running = new RunningTasks({ count: counts, logger: silent });
    running.exceeded('ann', bound);
    await vi.advanceTimersByTimeAsync(1_000);
    running.started('ann', 'one');
    running.started('ann', 'two');
    expect(running.exceeded('ann', bound)).toEqual({ scope: 'owner', allowed: 2 });
    running.ended('ann', 'one');
    expect(running.exceeded('ann', bound)).toBeUndefined();
    running.started('bob', 'three');
    running.started('eve', 'four');
    expect(running.exceeded('eve', bound)).toEqual({ scope: 'process', allowed: 3 });
    // From now on, Temporal's count has `two`.
    counts.mockImplementation(async (owner) => await Promise.resolve(owner === 'ann' ? 1 : 0));
    await vi.advanceTimersByTimeAsync(60_000);
    running.exceeded('ann', bound);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(running.exceeded('ann', { owner: 2, process: 100 })).toBeUndefined();
    expect(running.exceeded('ann', { owner: 1, process: 100 })).toEqual({ scope: 'owner', allowed: 1 });
    running.close();
  });

  it('of owners who never return stop counting for the process once they have ended', async () => {
    vi.useFakeTimers();
    const count = vi.fn<(owner: string) => Promise<number>>().mockResolvedValue(0);
    const running = new RunningTasks({ count, logger: silent });
    for (const owner of ['ann', 'bob', 'joe']) {
      running.started(owner, `the task of ${owner}`);
      expect(running.exceeded('eve', bound)?.scope).toBe(owner === 'joe' ? 'process' : undefined);
    }
    await vi.advanceTimersByTimeAsync(60_000);
    expect(running.exceeded('eve', bound)?.scope).toBe('process');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(running.exceeded('eve', bound)).toBeUndefined();
    running.close();
  });

  it('are not counted for owners who have been forgotten', async () => {
    vi.useFakeTimers();
    const counts = new Map<string, (count: number) => void>();
    const count = async (owner: string) => await new Promise<number>((resolve) => counts.set(owner, resolve));
    const running = new RunningTasks({ count, logger: silent });
    running.exceeded('ann', bound);
    await vi.advanceTimersByTimeAsync(0);
    running.started('ann', 'one');
    running.started('ann', 'two');
    for (let n = 0; n < 10_000; n++) running.exceeded(`owner ${n}`, { owner: 1, process: 1_000 });
    counts.get('ann')?.(5);
    await vi.advanceTimersByTimeAsync(0);
    expect(running.exceeded('eve', { owner: 1, process: 1 })).toBeUndefined();
    running.close();
  });
});

describe('unread responses', () => {
  const parts = (count: number, size: number): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start(controller) {
        for (let n = 0; n < count; n++) controller.enqueue(new Uint8Array(size));
        controller.close();
      },
    });
  const events = { headers: { 'content-type': 'text/event-stream' } };

  function counting(limit = Infinity) {
    const count = new SharedCount();
    let held = 0;
    const options: UnreadOptions = {
      perStream: 1_000,
      repeatable: true,
      take(bytes, force) {
        const exceeded = force ? undefined : count.exceeded('ann', { owner: limit, process: limit });
        if (exceeded) return new LimitExceeded('too much', { retryAfterMs: 1, limit: 'unreadBytes', allowed: limit });
        count.add('ann', bytes);
        held += bytes;
        return undefined;
      },
      give(bytes) {
        count.give('ann', bytes);
        held -= bytes;
      },
      signal: new AbortController().signal,
      cut: vi.fn<(unread: number) => void>(),
      over: vi.fn<() => void>(),
    };
    return { options, held: () => held };
  }

  it('are counted until their client has taken them', async () => {
    const { options, held } = counting();
    const response = await countUnread(new Response(parts(3, 100), events), options);
    await vi.waitFor(() => expect(held()).toBe(300), 20_000);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    // It has been handed over, but perhaps not sent yet.
    expect(held()).toBe(300);
    await reader.read();
    expect(held()).toBe(200);
    await reader.read();
    expect((await reader.read()).done).toBe(true);
    expect(held()).toBe(0);
    expect(options.over).toHaveBeenCalledTimes(1);
    expect(options.cut).not.toHaveBeenCalled();
  });

  it.each([
    ['stream', 11, Infinity],
    ['owner', 5, 400],
  ])('beyond the limit of the %s, a stream is cut off', async (_, count, limit) => {
    const { options, held } = counting(limit);
    const response = await countUnread(new Response(parts(count, 100), events), options);
    await vi.waitFor(() => expect(options.cut).toHaveBeenCalledTimes(1), 20_000);
    await expect(response.text()).rejects.toThrow('did not read');
    expect(options.over).toHaveBeenCalledTimes(1);
    expect(held()).toBe(0);
  });

  it('a response without a stream is refused as a whole, unless its request cannot be sent again', async () => {
    const { options, held } = counting(100);
    const first = await countUnread(Response.json('x'.repeat(98)), options);
    await expect(countUnread(Response.json('y'.repeat(98)), options)).rejects.toThrow(LimitExceeded);
    const forced = await countUnread(Response.json('z'.repeat(98)), { ...options, repeatable: false });
    expect(held()).toBe(200);
    expect(await forced.json()).toBe('z'.repeat(98));
    expect(await first.json()).toBe('x'.repeat(98));
    expect(held()).toBe(0);
  });

  it('a client that hangs up frees them, and ends the stream', async () => {
    const { options, held } = counting();
    const gone = new AbortController();
    const cancelled = vi.fn<() => void>();
    const endless = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(100)),
      cancel: cancelled,
    });
    const response = await countUnread(new Response(endless, events), { ...options, signal: gone.signal });
    await vi.waitFor(() => expect(held()).toBe(100), 20_000);
    gone.abort();
    expect(held()).toBe(0);
    expect(cancelled).toHaveBeenCalled();
    expect(await response.text()).toBe('');
    expect(options.over).toHaveBeenCalledTimes(1);
  });
});

describe('what is remembered of sessions', () => {
  const [version] = VERSIONS;
  if (!version) throw new Error('there are no versions');
  const task = { version, status: 'working' } as const;

  it('is bounded in bytes for each owner and for all, and the oldest is forgotten', () => {
    const memory = new SessionMemory({ owner: 5_000, process: 12_000 });
    const fill = (owner: string): void => {
      for (let session = 0; session < 100; session++)
        for (let n = 0; n < 3; n++) memory.add(owner, `session ${session}`, `task ${n}`, task);
    };
    fill('ann');
    expect(memory.bytes).toBeLessThanOrEqual(5_300);
    expect([...memory.tasks('ann', 'session 99')]).toHaveLength(3);
    expect([...memory.tasks('ann', 'session 0')]).toHaveLength(0);
    fill('bob');
    expect([...memory.tasks('ann', 'session 99')]).toHaveLength(3);
    fill('eve');
    expect(memory.bytes).toBeLessThanOrEqual(12_000);
    // Bob's were used least recently.
    expect([...memory.tasks('bob', 'session 99')]).toHaveLength(0);
    expect([...memory.tasks('ann', 'session 99')]).toHaveLength(3);
  });

  it('is 100 tasks of a session, and nothing of a session whose tasks have ended', () => {
    const memory = new SessionMemory({ owner: 1_000_000, process: 1_000_000 });
    for (let n = 0; n < 150; n++) memory.add('ann', 'session', `task ${n}`, task);
    expect([...memory.tasks('ann', 'session')]).toHaveLength(100);
    for (let n = 0; n < 150; n++) memory.delete('ann', 'session', `task ${n}`);
    expect(memory.bytes).toBe(0);
  });
});
