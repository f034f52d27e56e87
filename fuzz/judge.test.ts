/** The fuzzer's judge must tell wrong answers from right ones; otherwise every run would pass. */
import { describe, expect, it } from 'vitest';
import { fillJson, type Live } from './cases/markers.js';
import { judge } from './judge.js';
import { SECRET } from './served/tools.js';

const json = (value: unknown) => ({ status: 200, stream: false, ended: true, text: JSON.stringify(value) });
const error = (code: number, message: string, data?: unknown) =>
  json({ jsonrpc: '2.0', id: 1, error: { code, message, data } });

describe('wrong', () => {
  it.each([
    ['a status that is not documented', { ...json({}), status: 502 }],
    ["another owner's result", json({ jsonrpc: '2.0', id: 1, result: { text: SECRET } })],
    ['a stack', error(-32602, 'no\n    at run (/app/run.js:1:2)')],
    ['a path', error(-32602, 'cannot find /app/node_modules/x')],
    ['no JSON', { ...json({}), text: 'hello'.repeat(100) }],
    ['a batch', json([{ jsonrpc: '2.0', id: 1, result: {} }])],
    ['no JSON-RPC', json({ result: {} })],
    ['a result and an error', json({ jsonrpc: '2.0', id: 1, result: {}, error: { code: -32602, message: 'wrong' } })],
    ['neither', json({ jsonrpc: '2.0', id: 1 })],
    ['an unknown code', error(-1, 'wrong params')],
    ['no message', error(-32602, '')],
    ['a huge error', error(-32602, 'x'.repeat(20_000))],
    ['a huge answer', json({ jsonrpc: '2.0', id: 1, result: { text: 'x'.repeat(3_000_001) } })],
    ['an event without JSON', { status: 200, stream: true, ended: true, text: 'data: hello\n\n' }],
  ])('%s', (_, answer) => {
    expect(judge(answer).problem).toBeDefined();
  });
});

describe('right', () => {
  it.each([
    ['a result', json({ jsonrpc: '2.0', id: 1, result: {} }), false],
    ['a documented error', error(-32602, 'Task not found'), false],
    ['a temporary error', error(-32603, 'Temporal did not answer in time', { retryable: true }), false],
    ['an internal error, if it is logged', error(-32603, 'Internal error'), true],
    ['a 503, if it is logged', { ...error(-32603, 'later please', { retryable: true }), status: 503 }, true],
    ['an event that was cut off', { status: 200, stream: true, ended: false, text: ': open\n\ndata: {"jso' }, false],
    ['an OAuth error', { ...json({ error: 'invalid_token' }), status: 401 }, false],
  ])('%s', (_, answer, mustBeLogged) => {
    expect(judge(answer)).toMatchObject({ problem: undefined, mustBeLogged });
  });
});

it('markers become what they stand for', () => {
  const values = { done: 'mcp-1"2' } as Live;
  const filled = (text: string): unknown => JSON.parse(fillJson(JSON.stringify(text), values));
  expect(filled('@@live:done:none:0@@')).toBe('mcp-1"2');
  expect(filled('@@live:done:cut:3@@')).toBe('mcp');
  expect(filled('@@live:done:flip:0@@')).toBe('Acp-1"2');
  expect(filled('@@long:300@@')).toHaveLength(300);
  expect(filled('@@many:3@@')).toEqual(['x', 'x', 'x']);
  expect(filled('@@deep:3@@')).toEqual([[[]]]);
});
