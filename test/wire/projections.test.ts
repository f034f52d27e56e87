/** One task as each of the two protocol versions represents it. */
import { describe, expect, it } from 'vitest';
import type { Task } from '../../src/task/task.js';
import { answer2025, task2025 } from '../../src/protocol/2025-11-25/task.js';
import { answerOf } from '../../src/protocol/task.js';
import { detailedTask2026, task2026 } from '../../src/protocol/2026-07-28/task.js';

const task: Task = { id: 'mcp-1', tool: 't', createdAt: 0, updatedAt: 1000, ttl: 5000, inputs: {}, steps: [] };
const result = { content: [{ type: 'text', text: 'fine' }] };
const failed = { content: [{ type: 'text', text: 'went wrong' }], isError: true };
const error = { code: -32050, message: 'quota', data: { x: 1 } };
const ask = { method: 'elicitation/create', params: { message: '?' } };

it('each version has its own formats for times and intervals', () => {
  expect(task2025(task, 700)).toEqual({
    taskId: 'mcp-1',
    status: 'working',
    createdAt: '1970-01-01T00:00:00.000Z',
    lastUpdatedAt: '1970-01-01T00:00:01.000Z',
    ttl: 5000,
    pollInterval: 700,
  });
  expect(task2026(task, 700)).toEqual({
    taskId: 'mcp-1',
    status: 'working',
    createdAt: '1970-01-01T00:00:00.000Z',
    lastUpdatedAt: '1970-01-01T00:00:01.000Z',
    ttlMs: 5000,
    pollIntervalMs: 700,
  });
  expect(task2025({ ...task, ttl: null }, 1).ttl).toBeNull();
});

describe.each<[string, Partial<Task>, object, object]>([
  ['works', {}, { status: 'working' }, { status: 'working' }],
  [
    'waits for input',
    { inputs: { a: ask } },
    { status: 'input_required' },
    { status: 'input_required', inputRequests: { a: ask } },
  ],
  [
    'has a result',
    { outcome: { kind: 'result', result } },
    { status: 'completed' },
    { status: 'completed', result: { resultType: 'complete', ...result } },
  ],
  [
    'has a result with isError',
    { outcome: { kind: 'result', result: failed } },
    { status: 'failed', statusMessage: 'went wrong' },
    { status: 'completed', statusMessage: 'went wrong', result: { resultType: 'complete', ...failed } },
  ],
  [
    'has a JSON-RPC error',
    { outcome: { kind: 'error', error } },
    { status: 'failed', statusMessage: 'quota' },
    { status: 'failed', statusMessage: 'quota', error },
  ],
  [
    'failed with a long text',
    { outcome: { kind: 'result', result: { content: [{ type: 'text', text: 'x'.repeat(5000) }], isError: true } } },
    { statusMessage: `${'x'.repeat(1000)}…` },
    { statusMessage: `${'x'.repeat(1000)}…`, result: {} },
  ],
  [
    'failed without a text',
    { outcome: { kind: 'result', result: { content: [], isError: true } } },
    { statusMessage: 'The tool failed without a message.' },
    { statusMessage: 'The tool failed without a message.', result: {} },
  ],
  [
    'has a long JSON-RPC error',
    { outcome: { kind: 'error', error: { ...error, message: 'x'.repeat(5000) } } },
    { statusMessage: `${'x'.repeat(1000)}…` },
    { statusMessage: `${'x'.repeat(1000)}…`, error: { ...error, message: 'x'.repeat(5000) } },
  ],
  [
    'is cancelled',
    { outcome: { kind: 'cancelled' } },
    { status: 'cancelled', statusMessage: 'The task was cancelled.' },
    { status: 'cancelled', statusMessage: 'The task was cancelled.' },
  ],
  [
    'was cancelled while it waited for input',
    { outcome: { kind: 'cancelled' }, inputs: { a: ask } },
    { status: 'cancelled' },
    { status: 'cancelled' },
  ],
])('a task that %s', (_, fields, in2025, in2026) => {
  it('2025-11-25', () => expect(task2025({ ...task, ...fields }, 1)).toMatchObject(in2025));
  it('2026-07-28', () => {
    const view = detailedTask2026({ ...task, ...fields }, 1);
    expect(view).toMatchObject(in2026);
    const inlined = ['result', 'error', 'inputRequests'].filter((field) => field in view);
    expect(inlined).toEqual(['result', 'error', 'inputRequests'].filter((field) => field in in2026));
  });
});

it('structured content that is not an object appears only as text in 2025-11-25', () => {
  const list = { content: [{ type: 'text', text: '[1]' }], structuredContent: [1] };
  expect(answer2025({ kind: 'result', result: list })).toEqual({ result: { content: list.content } });
  expect(answerOf({ kind: 'result', result: list })).toEqual({ result: list });
  expect(answer2025({ kind: 'result', result: { content: [], structuredContent: { a: 1 } } })).toEqual({
    result: { content: [], structuredContent: { a: 1 } },
  });
});

it('the result of a cancelled task is error -32600', () => {
  expect(answer2025({ kind: 'cancelled' })).toEqual({ error: { code: -32600, message: 'Task was cancelled' } });
});
