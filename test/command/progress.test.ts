/** Programs report progress in their own ways. */
import { describe, expect, it } from 'vitest';
import { LineSplitter, LONGEST_LINE } from '../../src/command/lines.js';
import { progressReader } from '../../src/command/progress.js';
import { ambiguousCodes, classify, endText } from '../../src/command/exit.js';

describe('JSON lines', () => {
  const read = progressReader(
    { json: { current: 'data.index', total: 'data.total', message: 'data.description' } },
    {},
  );

  it('have their values at the given places', () => {
    const line = JSON.stringify({ info: {}, data: { index: 3, total: 8, description: 'sql model a', node: {} } });
    expect(read(line)).toEqual({ current: 3, total: 8, message: 'sql model a' });
  });

  it.each(['', 'plain text', '{broken', '[1]', '{"data":null}', '{"data":{"index":"N/A","total":-1,"description":7}}'])(
    'say nothing if they are %j',
    (line) => {
      expect(read(line)).toEqual({});
    },
  );
});

describe('a pattern', () => {
  it('reads its groups', () => {
    const read = progressReader({ regex: '(?<current>\\d+)/(?<total>\\d+)(?:: (?<message>.*))?$' }, {});
    expect(read('copied 3/10: users')).toEqual({ current: 3, total: 10, message: 'users' });
    expect(read('copied 3/10')).toEqual({ current: 3, total: 10 });
    expect(read('nothing')).toEqual({});
  });

  it('reads percentages', () => {
    expect(progressReader({ regex: '(?<percent>[\\d.]+)%' }, {})('at 12.5%')).toEqual({ current: 12.5, total: 100 });
  });

  it('takes linear time', () => {
    const read = progressReader({ regex: '^(?<current>(?:a|a)*)*b$' }, {});
    expect(read('a'.repeat(LONGEST_LINE))).toEqual({});
  });
});

it('keys and values are one per line, as ffmpeg writes them', () => {
  const read = progressReader(
    { keyValue: { current: 'out_time_us', total: '{length}', message: 'speed' } },
    { length: 9e6 },
  );
  const lines = ['frame=1', 'out_time_us=N/A', 'out_time_us=3000000', 'speed=   2x', 'progress=continue'];
  expect(lines.map(read)).toEqual([
    {},
    { total: 9e6 },
    { current: 3e6, total: 9e6 },
    { total: 9e6, message: '2x' },
    {},
  ]);
});

describe('lines', () => {
  const split = (...chunks: (string | Buffer)[]): string[] => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (const chunk of chunks) splitter.push(Buffer.from(chunk as string));
    splitter.end();
    return lines;
  };

  it('end with any line end, in any chunk', () => {
    expect(split('a\nb\r\nc\rd', '\r', '\ne\n\nf')).toEqual(['a', 'b', 'c', 'd', 'e', '', 'f']);
  });

  it('keep characters whole', () => {
    const bytes = Buffer.from('é\n');
    expect(split(bytes.subarray(0, 1), bytes.subarray(1))).toEqual(['é']);
  });

  it('are bounded', () => {
    expect(split('x'.repeat(LONGEST_LINE), 'y', 'z\n').map(({ length }) => length)).toEqual([LONGEST_LINE, 2]);
    expect(split(`${'x'.repeat(2 * LONGEST_LINE)}\nend`).map(({ length }) => length)).toEqual([
      LONGEST_LINE,
      LONGEST_LINE,
      3,
    ]);
  });
});

describe('exit codes', () => {
  it('fall into classes', () => {
    const exit = { partial: [1], permanent: [2] };
    const classes = [0, 1, 2, 3].map((code) => classify({ code, signal: null }, exit));
    expect(classes).toEqual(['done', 'partial', 'permanent', 'retry']);
    expect(classify({ code: 3, signal: null }, { ...exit, others: 'permanent' })).toBe('permanent');
    expect(classify({ code: 0, signal: null }, { done: [1] })).toBe('retry');
    expect(classify({ code: null, signal: 'SIGKILL' }, { others: 'permanent' })).toBe('retry');
  });

  it('are in one class only', () => {
    expect(ambiguousCodes({ partial: [1, 1], permanent: [1, 2], retry: [2] })).toEqual([1, 2]);
  });

  it('are reported', () => {
    expect(endText({ code: 2, signal: null })).toBe('exit code 2');
    expect(endText({ code: null, signal: 'SIGKILL' })).toBe('killed by SIGKILL');
  });
});
