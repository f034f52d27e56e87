/** No value changes silently: what its text says decides a column's type. */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ToolError } from '../../src/activity/index.js';
import { inspectFiles, type SourceRequest } from '../../src/tools/source/inspect.js';
import { readFileSql } from '../../src/tools/source/read-sql.js';
import { SourceSession } from '../../src/tools/source/session.js';

let root: string;
const signal = new AbortController().signal;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'mcp-fidelity-')));
});
afterAll(async () => await rm(root, { recursive: true }));

interface Read {
  readonly types: Record<string, string>;
  /** The values' texts, by column. */
  readonly texts: Record<string, (string | null)[]>;
}

async function read(source: string, more: Omit<SourceRequest, 'source'> = {}): Promise<Read> {
  const pins = await inspectFiles([root], { source, ...more }, signal);
  const session = await SourceSession.open(
    pins.files.map(({ path }) => path),
    signal,
  );
  try {
    const texts: Read['texts'] = Object.fromEntries(pins.columns.map(({ name }) => [name, []]));
    for (const file of pins.files) {
      const rows = await session.rows(`SELECT COLUMNS(*)::VARCHAR FROM ${readFileSql(pins, file)}`);
      for (const row of rows) for (const { name } of pins.columns) texts[name]!.push(row[name] as string | null);
    }
    return { types: Object.fromEntries(pins.columns.map(({ name, type }) => [name, type])), texts };
  } finally {
    session.close();
  }
}

async function write(name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(root, name), content);
  return name;
}

describe('CSV', () => {
  test.each<[values: string[], type: string, texts?: (string | null)[]]>([
    [['1', '-2', '', '9223372036854775807'], 'BIGINT', ['1', '-2', null, '9223372036854775807']],
    [['12345678901234567890', '12345678901234567891'], 'HUGEINT'],
    [['1', '9223372036854775808'], 'HUGEINT'],
    [['9'.repeat(38), '1'], 'HUGEINT'],
    [['9'.repeat(39), '1'], 'VARCHAR'],
    [['0.1', '-2.5', '1e-05', '1.7976931348623157e+308'], 'DOUBLE'],
    [['1', '2.5'], 'DOUBLE', ['1.0', '2.5']],
    [['1.5', 'NaN', '-inf'], 'DOUBLE', ['1.5', 'nan', '-inf']],
    [
      ['123456789.123456789012', '-1.5', '2'],
      'DECIMAL(21,12)',
      ['123456789.123456789012', '-1.500000000000', '2.000000000000'],
    ],
    // The first is how JavaScript prints a DOUBLE.
    [['490375485218074400', '0.5'], 'DOUBLE', ['4.903754852180744e+17', '0.5']],
    [['9007199254740993', '0.5'], 'DECIMAL(17,1)', ['9007199254740993.0', '0.5']],
    [['1.50', '22.25', '3.00', '-0.07'], 'DECIMAL(4,2)'],
    [['1.10', '1.1'], 'VARCHAR'],
    [[`0.${'1'.repeat(37)}`, `0.${'2'.repeat(37)}`], 'DECIMAL(38,37)'],
    [[`0.${'1'.repeat(38)}`, `0.${'2'.repeat(38)}`], 'VARCHAR'],
    [[`1.${'1'.repeat(38)}`, '2'], 'VARCHAR'],
    [['007', '8'], 'VARCHAR'],
    [['+49', '+1'], 'VARCHAR'],
    [['2E10', '3'], 'VARCHAR'],
    [['1_000', '2'], 'VARCHAR'],
    [['-0', '1.5'], 'DOUBLE', ['-0.0', '1.5']],
    [['true', 'False'], 'BOOLEAN', ['true', 'false']],
    [['yes', 'no'], 'VARCHAR'],
    [['t', 'f'], 'VARCHAR'],
    [['2024-02-29', '0001-01-01'], 'DATE'],
    [['01/02/2024', '03/04/2024'], 'VARCHAR'],
    [['12:30:00', '23:59:59.5'], 'TIME'],
    [['12:30', '3:10'], 'VARCHAR'],
    [['2024-02-29T01:02:03', '2024-02-29 01:02:03.500'], 'TIMESTAMP', ['2024-02-29 01:02:03', '2024-02-29 01:02:03.5']],
    [['2024-02-29 01:02:03.123456789', '2024-02-29 01:02:03'], 'VARCHAR'],
    [
      ['2024-02-29T01:02:03Z', '2024-02-29 01:02:03+00'],
      'TIMESTAMP WITH TIME ZONE',
      ['2024-02-29 01:02:03+00', '2024-02-29 01:02:03+00'],
    ],
    [['2024-02-29T01:02:03+02:00', '2024-02-29T01:02:03+02:00'], 'VARCHAR'],
    [['2024-02-29T01:02:03Z', '2024-02-29T01:02:03'], 'VARCHAR'],
    [['2024-02-29', '2024-02-29 01:02:03'], 'VARCHAR'],
    [['Nan', 'Inf'], 'VARCHAR'],
    [['1', '"'.repeat(2)], 'VARCHAR', ['1', '']],
  ])('%j is read as %s', async (values, type, texts = values) => {
    const csv = `id,v\n${values.map((value, i) => `r${i},${value}\n`).join('')}`;
    const found = await read(await write('values.csv', csv));
    expect([found.types['v'], found.texts['v']]).toEqual([type, texts]);
  });

  test('a value beyond the sample widens the type', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `${i}\n`).join('');
    expect((await read(await write('late.csv', `a\n${rows}12345678901234567890\n`))).types).toEqual({ a: 'HUGEINT' });
    expect((await read(await write('late.csv', `a\n${rows}0.5\n`))).types).toEqual({ a: 'DOUBLE' });
    expect((await read(await write('late.csv', `a\n${rows}007\n`))).texts['a']?.at(-1)).toBe('007');
  });

  test('an unquoted empty field is NULL, a quoted one is empty text', async () => {
    const found = await read(await write('empty.csv', 'a,b\n"",1\n,2\n'));
    expect(found).toEqual({ types: { a: 'VARCHAR', b: 'BIGINT' }, texts: { a: ['', null], b: ['1', '2'] } });
  });

  test('a row that starts with # below the column names is a row', async () => {
    const lines = 'tag,n\n#1,10\n#2,20\nx,30\n';
    const expected = {
      types: { tag: 'VARCHAR', n: 'BIGINT' },
      texts: { tag: ['#1', '#2', 'x'], n: ['10', '20', '30'] },
    };
    expect(await read(await write('hash.csv', lines))).toEqual(expected);
    expect(await read(await write('hash.csv', `# made by hand\n${lines}`))).toEqual(expected);
    expect(await read(await write('hash.csv.gz', gzipSync(`# made by hand\n${lines}`)))).toEqual(expected);
  });

  test('JSON in a CSV file is not taken for another way of escaping', async () => {
    const value = String.raw`{"a":"x\"\n","b":1}`;
    const rows = ['+49', '\r\t\f', '2E10'].map((other) => `"${value.replaceAll('"', '""')}","${other}"\n`);
    const found = await read(await write('escape.csv', `a,b\n${rows.join('')}`));
    expect(found.texts).toEqual({ a: [value, value, value], b: ['+49', '\r\t\f', '2E10'] });
    const lines = ['a,b', String.raw`"say \"hi\"",1`, String.raw`"c:\\d",2`, ''];
    const escaped = await read(await write('escape.csv', lines.join('\n')));
    expect(escaped.texts['a']).toEqual(['say "hi"', String.raw`c:\d`]);
  });

  test('odd column names are kept', async () => {
    const found = await read(await write('odd.csv', '"a ""b""", c ,é🦆,"x,y","l\nm",select,a.b\n1,2,3,4,5,6,7\n'));
    expect(Object.keys(found.types)).toEqual(['a "b"', ' c ', 'é🦆', 'x,y', 'l\nm', 'select', 'a.b']);
  });

  test('a set of files gets types that hold the values of all of them', async () => {
    await write('part-1.csv', 'a,b,c\n1,x,\n');
    await write('part-2.csv', 'a,b,c\n12345678901234567890,2,5\n');
    expect(await read('part-*.csv')).toEqual({
      types: { a: 'HUGEINT', b: 'VARCHAR', c: 'BIGINT' },
      texts: { a: ['1', '12345678901234567890'], b: ['x', '2'], c: [null, '5'] },
    });
  });
});

describe('JSON', () => {
  test.each<[values: string[], type: string, texts?: (string | null)[]]>([
    [['1', '-9223372036854775808'], 'BIGINT'],
    [['12345678901234567890', '1'], 'HUGEINT'],
    [['123456789.123456789012', '-1.50'], 'DECIMAL(21,12)', ['123456789.123456789012', '-1.500000000000']],
    [['0.1', '1', '1.50', '2E10', '1e-7'], 'DOUBLE', ['0.1', '1.0', '1.5', '20000000000.0', '1e-07']],
    [['1e400', '1'], 'JSON'],
    [['1.2345678901234567890123456789012345678901', '2'], 'JSON'],
    [['true', 'null', 'false'], 'BOOLEAN', ['true', null, 'false']],
    [['"007"', '"8"'], 'VARCHAR', ['007', '8']],
    [['"12345678901234567890.5"', '"x\\u0000\\ty"'], 'VARCHAR', ['12345678901234567890.5', 'x\0\ty']],
    [['"2024-02-29"', '"2024-03-01"'], 'DATE', ['2024-02-29', '2024-03-01']],
    [['"2024-02-29T00:00:00+02:00"', '"x"'], 'VARCHAR', ['2024-02-29T00:00:00+02:00', 'x']],
    [['1', '"1"', 'true'], 'JSON'],
    [['{"x":1}', '{"y":[2,null]}'], 'JSON'],
    [['{"n":123456789.123456789012,"s":"123456789.123456789012"}', '[1,12345678901234567890123]'], 'JSON'],
    [['""', 'null'], 'VARCHAR', ['', null]],
    [['null', 'null'], 'JSON', [null, null]],
  ])('%j is read as %s', async (values, type, texts = values) => {
    for (const [name, content] of [
      ['values.ndjson', values.map((value) => `{"v":${value}}\n`).join('')],
      ['values.json', `[\n${values.map((value) => `{ "v" : ${value} }`).join(',\n')}]`],
      ['values.ndjson.gz', gzipSync(values.map((value) => `{"v":${value}}\n`).join(''))],
    ] as const) {
      const found = await read(await write(name, content));
      expect([found.types['v'], found.texts['v']]).toEqual([type, texts]);
    }
  });

  test('a field with any name is found', async () => {
    const found = await read(await write('names.ndjson', '{"a/b~c":1,"\\u00e9\\"":2,"$.x":3}\n'));
    expect(found.texts).toEqual({ 'a/b~c': ['1'], 'é"': ['2'], '$.x': ['3'] });
  });
});

test('text that looks like a number in the notation that the tools use inside is refused', async () => {
  const digits = '"n":123456789.123456789012';
  for (const text of [
    String.raw`\u0001mcp-number:7`,
    String.raw`\u0001\u006dcp-number:7`,
    String.raw`\u0001\u006Dcp-number:7`,
  ])
    await expect(read(await write('mark.ndjson', `{${digits},"s":"${text}"}\n`))).rejects.toThrow(
      'mark.ndjson, row 1: the text "u0001mcp-number:" is reserved',
    );
  const like = await read(await write('mark.ndjson', `{${digits},"s":"mcp-number:7"}\n`));
  expect(like.texts).toEqual({ n: ['123456789.123456789012'], s: ['mcp-number:7'] });
});

test('long integers and numbers in other notations are compared by their digits', async () => {
  const values = ['9007199254740993', '1E21', '123456789012345680000', '5e-324', '-0'];
  const found = await read(await write('digits.ndjson', values.map((value) => `{"v":${value}}\n`).join('')));
  expect([found.types['v'], found.texts['v']?.[0]]).toEqual(['JSON', '9007199254740993']);
  const doubles = await read(
    await write(
      'digits.ndjson',
      values
        .slice(1)
        .map((value) => `{"v":${value}}\n`)
        .join(''),
    ),
  );
  expect([doubles.types['v'], doubles.texts['v']]).toEqual([
    'DOUBLE',
    ['1e+21', '1.2345678901234568e+20', '5e-324', '-0.0'],
  ]);
  const lossy = await read(await write('digits.ndjson', '{"v":4.9e-324}\n{"v":1.0}\n'));
  expect(lossy.texts['v']).toEqual(['4.9e-324', '1.0']);
});

describe('types', () => {
  test('the caller decides, in every format', async () => {
    await write('t.csv', 'id,n,d\n007,1,5\n8,"",\n');
    expect(await read('t.csv', { types: { id: 'VARCHAR', n: 'integer', d: 'decimal(5, 2)' } })).toEqual({
      types: { id: 'VARCHAR', n: 'INTEGER', d: 'DECIMAL(5,2)' },
      texts: { id: ['007', '8'], n: ['1', null], d: ['5.00', null] },
    });
    await write('t.ndjson', '{"id":12345678901234567890,"at":"2024-02-29T00:00:00+02:00"}\n');
    expect(await read('t.ndjson', { types: { id: 'VARCHAR', at: 'TIMESTAMPTZ' } })).toEqual({
      types: { id: 'VARCHAR', at: 'TIMESTAMP WITH TIME ZONE' },
      texts: { id: ['12345678901234567890'], at: ['2024-02-28 22:00:00+00'] },
    });
    await write('t.csv', 'id\n12345678901234567890\n');
    expect((await read('t.csv', { types: { id: 'DOUBLE' } })).texts).toEqual({ id: ['1.2345678901234567e+19'] });
  });

  test.each([
    ['1.5', 'INTEGER', '"1.5" is not a valid INTEGER'],
    ['300', 'TINYINT', '"300" is not a valid TINYINT'],
    ['1.234', 'DECIMAL(5,2)', '"1.234" is not a valid DECIMAL(5,2)'],
    ['1e400', 'DOUBLE', '"1e400" is not a valid DOUBLE'],
    ['2024-01-01 10:00:00', 'DATE', '"2024-01-01 10:00:00" is not a valid DATE'],
    ['2024-01-01 10:00:00+02', 'TIMESTAMP', '"2024-01-01 10:00:00+02" is not a valid TIMESTAMP'],
    ['2024-01-01 10:00:00.1234567', 'TIMESTAMP', '"2024-01-01 10:00:00.1234567" is not a valid TIMESTAMP'],
    ['maybe', 'BOOLEAN', '"maybe" is not a valid BOOLEAN'],
    ['{x', 'JSON', '"{x" is not a valid JSON'],
  ])('%s does not fit %s, and the error names the row', async (value, type, message) => {
    await write('unfit.csv', `a,v\n1,\n2,"${value}"\n`);
    await expect(read('unfit.csv', { types: { v: type } })).rejects.toThrow(`unfit.csv, row 2, column "v": ${message}`);
  });

  test.each([
    [
      { v: 'INTEGER; DROP TABLE t' },
      'types: "INTEGER; DROP TABLE t" for column "v" is not supported; use one of: BOOLEAN,',
    ],
    [{ v: 'DECIMAL(39,2)' }, 'is not supported'],
    [{ nope: 'VARCHAR' }, 'types: there is no column "nope"; the columns are: "a", "v"'],
  ])('%j is refused', async (types, message) => {
    await write('known.csv', 'a,v\n1,2\n');
    await expect(read('known.csv', { types })).rejects.toThrow(message);
  });
});

describe('files without columns, and columns that cannot be told apart', () => {
  test.each([
    ['e.csv', ''],
    ['e.ndjson', ''],
    ['e.json', ''],
    ['e.parquet', ''],
    ['lines.csv', '\n\n'],
    ['bom.csv', '\uFEFF'],
    ['e.csv.gz', gzipSync('')],
    ['e.ndjson.gz', gzipSync('')],
    ['none.json', '[]'],
    ['objects.ndjson', '{}\n{}\n'],
  ])('%s is empty', async (name, content) => {
    await write(name, content);
    const error: unknown = await read(name).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ToolError);
    expect((error as Error).message).toBe(`${name} is empty: it has no columns`);
  });

  test.each([
    ['dup.csv', 'a,b,a\n1,2,3\n', 'dup.csv: two columns are named "a"; rename one of them'],
    [
      'dup.csv',
      'a,A\nx,y\n',
      'dup.csv: two column names differ from "A" only in upper and lower case; rename one of them',
    ],
    [
      'dup.ndjson',
      '{"a":1}\n{"b":1,"a":2,"b":3}\n',
      'dup.ndjson, row 2: the object has two fields named "b"; rename one of them',
    ],
  ])('%s: duplicate names %j', async (name, content, message) => {
    await write(name, content);
    await expect(read(name)).rejects.toThrow(message);
  });
});
