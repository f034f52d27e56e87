/** Generated tables, files that hold them, and an exact comparison with what a database has. @module */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';

export type Format = 'csv' | 'tsv' | 'json' | 'ndjson' | 'parquet';

/** What a column's cells are. It decides how they are written and compared. */
export type Kind = 'text' | 'number' | 'boolean' | 'moment' | 'interval' | 'blob' | 'json';

export interface TableColumn {
  readonly name: string;
  readonly kind: Kind;
  /** The column's type in a Parquet file. */
  readonly type: string;
  /** The cells: text as it is, everything else in the notation of SQL, JSON and CSV. */
  readonly cells: readonly (string | null)[];
}

export interface Table {
  readonly columns: readonly TableColumn[];
  readonly rows: number;
}

// ── Tables ──────────────────────────────────────────────────────────────────

interface Cells {
  readonly kind: Kind;
  readonly type: string;
  readonly cell: fc.Arbitrary<string>;
  /** The formats of which a file can have such a column. */
  readonly in: readonly Format[];
}

const TEXT: readonly Format[] = ['csv', 'tsv', 'json', 'ndjson'];
const ALL: readonly Format[] = [...TEXT, 'parquet'];

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(
    '',
    ' ',
    'NULL',
    '\\N',
    'a,b',
    ';',
    '|\t',
    '"',
    '""',
    "'",
    '#',
    '# x',
    '\n',
    '\r\n',
    '\\',
    '\0',
    '🦆',
    'e\u0301',
    '{"a":1}',
  ),
);
/** Text that looks like something else. */
const likeOther = fc.constantFrom(
  '007',
  '+49',
  '1.10',
  '1.1',
  '2E10',
  '1_000',
  '0x1F',
  '-0',
  '1e5',
  '.5',
  '5.',
  ' 5',
  '12:30',
  '01/02/2024',
  'Nan',
  'yes',
  't',
  'true',
  '2024-01-01',
  '12345678901234567890',
  '123456789.123456789012',
  '2024-01-01T00:00:00+02:00',
  '[1]',
  'null',
);
const digits = (least: number, most: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), minLength: least, maxLength: most });
const sign = fc.constantFrom('', '-');
const integer = (most: number): fc.Arbitrary<string> =>
  fc.tuple(sign, fc.constantFrom(...Array.from('123456789')), digits(0, most - 1)).map((parts) => parts.join(''));
const decimal = (whole: number, scale: number): fc.Arbitrary<string> =>
  fc.tuple(integer(whole), digits(scale, scale)).map((parts) => parts.join('.'));
const anyDecimal = fc.tuple(integer(20), digits(1, 17)).map((parts) => parts.join('.'));
const double = fc.double({ noDefaultInfinity: true, noNaN: true }).map((x) => (Object.is(x, -0) ? '-0.0' : String(x)));
const two = (n: number): string => String(n).padStart(2, '0');
const date = fc
  .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([y, m, d]) => `${String(y).padStart(4, '0')}-${two(m)}-${two(d)}`);
const fraction = fc.oneof(
  fc.constant(''),
  digits(1, 6).map((f) => `.${f}`),
);
const time = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fraction)
  .map(([h, m, s, f]) => `${two(h)}:${two(m)}:${two(s)}${f}`);
const timestamp = fc.tuple(date, fc.constantFrom(' ', 'T'), time).map((parts) => parts.join(''));
const nested = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.oneof(
      anyText.map((t) => JSON.stringify(t)),
      integer(25),
      anyDecimal,
      fc.constantFrom('1.50', '1E5', '-0.0', 'true', 'null', '0.1'),
    ),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc
      .uniqueArray(fc.tuple(anyText, tie('value')), { maxLength: 3, selector: ([key]) => key })
      .map((fields) => `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`),
  ),
})).value;
const object = fc.tuple(anyText, nested).map(([key, value]) => `{${JSON.stringify(key)}: ${value}}`);

/** The least and the greatest integer of a type. */
function extremes(type: string): string[] {
  const bits = { TINY: 8, SMALL: 16, '': 32 }[type.replace(/^U|INT.*$/g, '').replace(/^U/, '')] ?? 32;
  return type.startsWith('U') ? ['0', `${2 ** bits - 1}`] : [`${-(2 ** (bits - 1))}`, `${2 ** (bits - 1) - 1}`];
}

/** Structs as JSON, and as DuckDB writes them. */
const STRUCTS: Readonly<Record<string, string>> = {
  '{"a":"x\\"\\n","b c":123456789.123456789012}': `{'a': 'x"' || chr(10), 'b c': 123456789.123456789012}`,
  '{"a":null,"b c":null}': `{'a': NULL, 'b c': NULL}`,
};

const CELLS: readonly Cells[] = [
  { kind: 'text', type: 'VARCHAR', cell: anyText, in: ALL },
  { kind: 'text', type: 'VARCHAR', cell: fc.oneof(likeOther, anyText), in: ALL },
  { kind: 'text', type: 'VARCHAR', cell: likeOther, in: ALL },
  { kind: 'number', type: 'BIGINT', cell: integer(18), in: ALL },
  { kind: 'number', type: 'UBIGINT', cell: fc.constantFrom('0', '18446744073709551615'), in: ALL },
  { kind: 'number', type: 'DECIMAL(38,0)', cell: integer(38), in: ALL },
  { kind: 'number', type: 'VARCHAR', cell: integer(50), in: ['json', 'ndjson'] },
  { kind: 'number', type: 'DECIMAL(9,3)', cell: decimal(6, 3), in: ALL },
  { kind: 'number', type: 'DECIMAL(38,17)', cell: decimal(20, 17), in: ALL },
  { kind: 'number', type: '', cell: anyDecimal, in: ['json', 'ndjson'] },
  { kind: 'text', type: '', cell: anyDecimal, in: ['csv', 'tsv'] },
  { kind: 'number', type: 'DOUBLE', cell: double, in: ALL },
  {
    kind: 'number',
    type: 'FLOAT',
    cell: fc.constantFrom('0.1', '16777216.0', '1e-45', '3.4028235e+38'),
    in: ['parquet'],
  },
  {
    kind: 'number',
    type: '',
    cell: fc.constantFrom('1e400', '1E5', '1.50', '-0', '123456789012345678.1', '2'),
    in: ['json', 'ndjson'],
  },
  ...['TINYINT', 'SMALLINT', 'INTEGER', 'UTINYINT', 'USMALLINT', 'UINTEGER'].map((type): Cells => ({
    kind: 'number',
    type,
    cell: fc.constantFrom(...extremes(type)),
    in: ['parquet'],
  })),
  { kind: 'boolean', type: 'BOOLEAN', cell: fc.constantFrom('true', 'false'), in: ALL },
  { kind: 'moment', type: 'DATE', cell: date, in: ALL },
  {
    kind: 'moment',
    type: 'DATE',
    cell: fc.constantFrom('0044-03-15 (BC)', '12345-06-07', 'infinity'),
    in: ['parquet'],
  },
  { kind: 'moment', type: 'TIME', cell: time, in: ALL },
  { kind: 'moment', type: 'TIMESTAMP', cell: timestamp, in: ALL },
  { kind: 'moment', type: 'TIMESTAMP WITH TIME ZONE', cell: timestamp.map((t) => `${t}+00`), in: ALL },
  { kind: 'moment', type: 'TIME WITH TIME ZONE', cell: time.map((t) => `${t}+00`), in: ['parquet'] },
  {
    kind: 'moment',
    type: 'TIMESTAMP_S',
    cell: fc.constantFrom('1969-12-31 23:59:59', '9999-12-31 00:00:00'),
    in: ['parquet'],
  },
  {
    kind: 'moment',
    type: 'TIMESTAMP_MS',
    cell: fc.constantFrom('1969-12-31 23:59:59.999', '0001-01-01 00:00:00'),
    in: ['parquet'],
  },
  {
    kind: 'moment',
    type: 'TIMESTAMP_NS',
    cell: fc.constantFrom('1969-12-31 23:59:59.123456', '2262-04-11 00:00:00'),
    in: ['parquet'],
  },
  {
    kind: 'interval',
    type: 'INTERVAL',
    cell: fc.constantFrom('1 year 2 mons', '3 days', '04:05:06.5', '1 mon 1 day 00:00:00.001'),
    in: ['parquet'],
  },
  { kind: 'text', type: '', cell: timestamp.map((t) => `${t}+02:00`), in: TEXT },
  {
    kind: 'text',
    type: '',
    cell: fc.tuple(timestamp, fc.constantFrom('Z', '', '-07:00', '.1234567')).map((p) => p.join('')),
    in: TEXT,
  },
  { kind: 'text', type: 'UUID', cell: fc.uuid(), in: ALL },
  { kind: 'blob', type: 'BLOB', cell: fc.uint8Array({ maxLength: 6 }).map(blobText), in: ['parquet'] },
  { kind: 'json', type: 'JSON', cell: object, in: ALL },
  { kind: 'json', type: '', cell: nested, in: ['json', 'ndjson'] },
  { kind: 'json', type: 'MAP(VARCHAR, INTEGER)', cell: fc.constantFrom('{}', '{"a \\"b":1,"":null}'), in: ['parquet'] },
  { kind: 'json', type: 'INTEGER[]', cell: fc.constantFrom('[]', '[1,null,-3]'), in: ['parquet'] },
  {
    kind: 'json',
    type: 'STRUCT(a VARCHAR, "b c" DECIMAL(30,12))',
    cell: fc.constantFrom(...Object.keys(STRUCTS)),
    in: ['parquet'],
  },
];

const SPECIAL = fc.constantFrom('NaN', 'Infinity', '-Infinity');

const name = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
  fc.constantFrom(
    'a',
    'B',
    ' c ',
    'a.b',
    'x,y',
    'q"q',
    'select',
    '1',
    'é',
    '🦆',
    '$',
    'a/b~c',
    'line\nbreak',
    'C0',
    'a_1',
    'file_row_number',
    "it's",
    'null',
    ';',
  ),
);

/** @param from the format of the file that will hold it */
export function tables(from: Format, to: Format): fc.Arbitrary<Table> {
  const kinds = fc.constantFrom(...CELLS.filter((each) => each.in.includes(from)));
  const special = !from.includes('json') && !to.includes('json');
  return fc.integer({ min: 1, max: 6 }).chain((rows) => {
    const column = fc.tuple(name, kinds, fc.boolean()).chain(([called, { kind, type, cell }, nulls]) => {
      const value = special && type === 'DOUBLE' ? fc.oneof({ weight: 4, arbitrary: cell }, SPECIAL) : cell;
      const one = nulls ? fc.option(value, { freq: 3 }) : value;
      return fc
        .array(one, { minLength: rows, maxLength: rows })
        .map((cells): TableColumn => ({ name: called, kind, type, cells }));
    });
    return fc
      .uniqueArray(column, { minLength: 1, maxLength: 6, selector: (each) => each.name.toLowerCase() })
      .filter((columns) => columns.every(({ name: called }) => valid(called)))
      .map((columns) => ({ columns, rows }));
  });
}

/** NUL is refused, and PostgreSQL has 63 bytes. */
function valid(called: string): boolean {
  return !called.includes('\0') && Buffer.byteLength(called) <= 63;
}

function blobText(blob: Uint8Array): string {
  return Array.from(blob, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

// ── Files ───────────────────────────────────────────────────────────────────

/** Writes the table without any code of the tools. */
export async function writeTable(path: string, format: Format, table: Table): Promise<void> {
  if (format === 'parquet') return await writeParquet(path, table);
  const text = format === 'csv' ? csv(table, ',') : format === 'tsv' ? csv(table, '\t') : json(table, format);
  await writeFile(path, text);
}

function csv({ columns, rows }: Table, separator: string): string {
  const line = (cells: readonly (string | null)[]): string => cells.map(csvField).join(separator);
  const body = Array.from({ length: rows }, (_, i) => line(columns.map(({ cells }) => cells[i]!)));
  return [line(columns.map((column) => column.name)), ...body].map((each) => `${each}\n`).join('');
}

function csvField(cell: string | null): string {
  if (cell === null) return '';
  return cell === '' || /["\n\r,#;|\t\s']/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function json({ columns, rows }: Table, format: 'json' | 'ndjson'): string {
  const objects = Array.from({ length: rows }, (_, i) => {
    const fields = columns
      // The first row has every field, so that one of only NULLs is a column too.
      .filter(({ cells }) => i === 0 || cells[i] !== null || columns.length % 2 === 0)
      .map((column) => `${JSON.stringify(column.name)}: ${jsonValue(column, column.cells[i]!)}`);
    return `{${fields.join(', ')}}`;
  });
  return format === 'json' ? `[${objects.join(',\n ')}]` : objects.map((each) => `${each}\n`).join('');
}

function jsonValue({ kind }: TableColumn, cell: string | null): string {
  if (cell === null) return 'null';
  return kind === 'text' || kind === 'moment' ? JSON.stringify(cell) : cell;
}

async function writeParquet(path: string, { columns, rows }: Table): Promise<void> {
  const literal = (text: string): string => `'${text.replaceAll("'", "''").replaceAll('\0', `' || chr(0) || '`)}'`;
  const ident = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const value = ({ type }: TableColumn, cell: string | null): string => {
    if (cell === null) return `NULL::${type}`;
    // Through JSON, DECIMAL would lose digits.
    if (type.startsWith('STRUCT')) return `${STRUCTS[cell]!}::${type}`;
    return `(${literal(cell)})${/\]$|^MAP/.test(type) ? '::JSON' : ''}::${type}`;
  };
  const select = Array.from(
    { length: rows },
    (_, i) =>
      `SELECT ${columns.map((column) => `${value(column, column.cells[i]!)} AS ${ident(column.name)}`).join(', ')}`,
  );
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    await connection.run(`SET TimeZone = 'UTC'`);
    await connection.run(`COPY (${select.join(' UNION ALL ')}) TO '${path}' (FORMAT parquet)`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

// ── Comparison ──────────────────────────────────────────────────────────────

export interface Loaded {
  readonly name: string;
  /** The column's type, as DuckDB prints it. */
  readonly type: string;
  /** What the database prints. */
  readonly texts: readonly (string | null)[];
}

/** Returns the cells that differ, described; none if the loaded table is the same. */
export function differences({ columns }: Table, loaded: readonly Loaded[]): string[] {
  const names = (all: readonly { name: string }[]): string => JSON.stringify(all.map((each) => each.name));
  if (names(columns) !== names(loaded)) return [`columns ${names(loaded)} instead of ${names(columns)}`];
  return columns.flatMap((column, c) => {
    const { type, texts } = loaded[c]!;
    if (texts.length !== column.cells.length) return [`${texts.length} rows instead of ${column.cells.length}`];
    return column.cells.flatMap((cell, i) =>
      same(column.kind, type, cell, texts[i]!)
        ? []
        : [
            `${JSON.stringify(column.name)} (${type}), row ${i}: ${JSON.stringify(texts[i])} instead of ${JSON.stringify(cell)}`,
          ],
    );
  });
}

function same(kind: Kind, type: string, cell: string | null, found: string | null): boolean {
  if (cell === null || found === null) return cell === found;
  if (cell === found) return true;
  if (kind === 'number' && type === 'DOUBLE') return sameDouble(cell, found);
  if (kind === 'number') return number(cell) === number(found);
  if (kind === 'moment') return moment(cell) === moment(found);
  if (kind === 'interval') return interval(cell) === interval(found);
  if (kind === 'blob') return bytes(cell) === bytes(found);
  if (kind === 'json') return JSON.stringify(tokens(cell)) === JSON.stringify(tokens(found));
  if (kind === 'boolean') return false;
  // Text that is a number or a time in the only way in which programs write them.
  if (/^(TINYINT|BIGINT|HUGEINT|DOUBLE|DECIMAL)/.test(type))
    return /^-?(?!0\d)[\d.]/.test(cell) && number(cell) === number(found);
  return /^(DATE|TIME)/.test(type) && moment(cell) === moment(found);
}

/** Compares values, because PostgreSQL prints some with other digits. The cell has to be exactly its value. */
function sameDouble(cell: string, found: string): boolean {
  const value = (text: string): number => Number(text.replace(/inf(inity)?/i, 'Infinity').replace(/nan/i, 'NaN'));
  if (!Object.is(value(cell), value(found))) return false;
  return (
    !Number.isFinite(value(cell)) || number(cell) === number(Object.is(value(cell), -0) ? '-0' : String(value(cell)))
  );
}

/** Writes a number in one way: its digits and an exponent. */
function number(text: string): string {
  if (/[nN]/.test(text)) return text.toLowerCase().replace('infinity', 'inf');
  const [, minus = '', whole = '', part = '', power = '0'] = /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [
    text,
  ];
  const all = (whole + part).replace(/^0+/, '');
  const kept = all.replace(/0+$/, '');
  return `${minus}${kept || '0'}e${kept ? BigInt(power) - BigInt(part.length) + BigInt(all.length - kept.length) : 0}`;
}

function moment(text: string): string {
  const plain = text
    .replace('T', ' ')
    .replace(/(Z|\+00(:?00)?)$/, '')
    .replace(/\(BC\)/, 'BC');
  const [, local = plain, bc = ''] = /^(.*?)( BC)?$/.exec(plain.replace(/ BC( .*)$/, '$1 BC')) ?? [];
  return (/\.\d+$/.test(local) ? local.replace(/\.?0+$/, '') : local) + bc;
}

/** DuckDB has months where PostgreSQL has `mons`. */
function interval(text: string): string {
  return text.replaceAll('months', 'mons').replaceAll('month', 'mon');
}

/** Reads bytes as PostgreSQL (`\x00ff`) or DuckDB (`\x00\xFFa`) prints them. */
function bytes(text: string): string {
  if (/^\\x([0-9a-f]{2})*$/.test(text) && !text.slice(2).includes('\\x')) return text.slice(2);
  return text.replace(
    /\\x([0-9A-Fa-f]{2})|[\s\S]/g,
    (all, hex?: string) => hex?.toLowerCase() ?? Buffer.from(all).toString('hex'),
  );
}

/** Splits JSON into its tokens, with numbers and strings in one notation. */
function tokens(text: string): string[] {
  const found = text.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[[\]{},:]|[a-zA-Z-]+/g) ?? [];
  return found.map((token) =>
    token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : /^-?\d/.test(token) ? number(token) : token,
  );
}

/** Returns the table with one more column, whose name is that of another, maybe in other letters. */
export function withDuplicate(table: Table, rename: (name: string) => string): Table {
  const [first] = table.columns;
  return { ...table, columns: [...table.columns, { ...first!, name: rename(first!.name) }] };
}

export function fileIn(folder: string, called: string, format: Format): string {
  return join(folder, `${called}.${format}`);
}
