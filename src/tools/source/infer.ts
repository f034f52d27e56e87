/** Detects the types of a CSV or JSON source from the text of all its values. @module */
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { ident, literal } from '../sql.js';
import {
  booleanFacts,
  combined,
  combinedWidths,
  momentFacts,
  momentType,
  numberFacts,
  simpleNumberType,
  wideNumberType,
  widths,
  type Facts,
  type Widths,
} from './facts.js';
import type { Column, SourceFile } from './pins.js';
import type { SourceSession } from './session.js';
import { jsonValues, textRows, type TextPins } from './text-rows.js';
import { typeKind } from './type-kind.js';

/** A file with the types that DuckDB detected in a sample. */
export interface SampledFile {
  readonly file: SourceFile;
  readonly columns: readonly Column[];
}

/**
 * Returns the types of the columns.
 *
 * CSV: the sample determines a column's intended type. A later value of a different type is an error. A value of the
 * intended type that would change gives the column a wider type.
 *
 * @param names the columns whose types are not chosen
 * @throws ToolError naming file, row and column of a value that is not of the sample's type
 */
export async function inferTypes(
  session: SourceSession,
  pins: TextPins,
  files: readonly SampledFile[],
  names: readonly string[],
): Promise<Map<string, string>> {
  if (names.length === 0) return new Map();
  const csv = pins.format === 'csv';
  const found: Map<string, Sampled>[] = [];
  for (const file of files) found.push(await (csv ? csvFacts : jsonFacts)({ session, pins, file, names }));
  const types = new Map<string, string>();
  for (const name of names) {
    const columns = found.map((each) => each.get(name)!).filter(({ facts }) => facts.values > 0);
    const decide = csv ? csvType : jsonType;
    const type = decide(columns) ?? (await widerType({ session, pins, files, names }, name, columns));
    types.set(name, type ?? (csv ? 'VARCHAR' : 'JSON'));
  }
  return types;
}

interface Sampled {
  readonly facts: Facts;
  /** The column's type according to the sample; `any` in JSON. */
  readonly sample: Sample;
}

type Sample = 'number' | 'boolean' | 'moment' | 'text' | 'any';

interface Reading {
  readonly session: SourceSession;
  readonly pins: TextPins;
  readonly file: SampledFile;
  readonly names: readonly string[];
}

async function csvFacts({ session, pins, file, names }: Reading): Promise<Map<string, Sampled>> {
  const columns = names.map((name) => file.columns.find((column) => column.name === name)!);
  const from = textRows(pins, file.file, columns);
  const samples = columns.map(({ type }) => sampleOf(type));
  // One row for each value: with an expression for each column, queries on wide tables would be slow to plan.
  const values = `(SELECT unnest([${columns.map(({ name }) => ident(name)).join(', ')}]) AS t,
    unnest([${columns.map((_, i) => i).join(', ')}]) AS i, unnest([${samples.map(literal).join(', ')}]) AS sample FROM ${from})`;
  const by = (sample: Sample): string => `CASE WHEN sample = '${sample}' THEN t END`;
  const typed = `(SELECT i, t, ${by('number')} AS n, ${by('moment')} AS m, ${by('boolean')} AS b FROM ${values})`;
  const rows = await countFacts(session, file.file, typed, columns.length, {
    values: 'count(t)',
    ...numberFacts('n', 'counts'),
    ...momentFacts('m'),
    ...booleanFacts('b'),
  });
  for (const [i, column] of columns.entries()) {
    if (samples[i] !== 'text') await refuseBad(session, file.file, from, column, rows[i]!);
  }
  return new Map(names.map((name, i) => [name, { facts: rows[i]!, sample: samples[i]! }]));
}

/** @throws ToolError if some values are of the sample's type and another is not */
async function refuseBad(
  session: SourceSession,
  file: SourceFile,
  from: string,
  column: Column,
  { values, ...facts }: Facts,
): Promise<void> {
  const fitting = Math.max(...Object.values(facts).map(Number));
  // If no value fits, the sample has a format such as 31/12/2024, which stays text.
  if (fitting === values || fitting === 0) return;
  const { name, type } = column;
  const bad = isBad(ident(name), type);
  const [row] = await session.rows(`SELECT count_if(${bad})::VARCHAR AS n FROM ${from}`, [file.path]);
  if (row?.['n'] === '0') return;
  const found = await firstRow(session, file, from, name, bad);
  throw new ToolError(`${found} is not a valid ${type}`);
}

function sampleOf(type: string): Sample {
  const kind = typeKind(type);
  if (kind === 'integer' || kind === 'float') return 'number';
  if (kind === 'boolean') return 'boolean';
  return kind === 'date' || kind === 'time' || kind === 'timestamp' ? 'moment' : 'text';
}

/** Empty text is not an error: it only makes the column text. */
function isBad(text: string, type: string): string {
  const wide = sampleOf(type) === 'number' ? 'DOUBLE' : type;
  return `(${text} <> '' AND TRY_CAST(${text} AS ${wide}) IS NULL)`;
}

/**
 * Describes the first value for which `condition` holds: `rows.csv, row 3, column "n": "x"`.
 *
 * @param from reads the columns of `condition`, among them `name` as text
 */
export async function firstRow(
  session: SourceSession,
  file: Pick<SourceFile, 'path'>,
  from: string,
  name: string,
  condition: string,
): Promise<string> {
  const [row] = await session.rows(
    `SELECT row::VARCHAR AS row, left(${ident(name)}, 100) AS value FROM (SELECT row_number() OVER () AS row, * FROM ${from}) WHERE ${condition} LIMIT 1`,
    [file.path],
  );
  return `${basename(file.path)}, row ${String(row?.['row'])}, column "${name}": "${String(row?.['value'])}"`;
}

function csvType(columns: readonly Sampled[]): string | undefined {
  const facts = combined(columns.map((column) => column.facts));
  const [sample = 'text'] = columns.map((column) => column.sample);
  if (columns.some((column) => column.sample !== sample) || sample === 'text') return 'VARCHAR';
  if (sample === 'boolean') return facts.trues === facts.values ? 'BOOLEAN' : 'VARCHAR';
  return sample === 'moment' ? (momentType(facts) ?? 'VARCHAR') : simpleNumberType(facts);
}

async function jsonFacts({ session, file, names }: Reading): Promise<Map<string, Sampled>> {
  const typed = `(SELECT i, k, CASE WHEN k = 'number' THEN t END AS n,
    CASE WHEN k = 'string' AND strlen(t) BETWEEN 8 AND 40 THEN t END AS m FROM ${jsonValues(file.file, names)})`;
  const rows = await countFacts(session, file.file, typed, names.length, {
    values: 'count(k)',
    numbers: `count_if(k = 'number')`,
    strings: `count_if(k = 'string')`,
    booleans: `count_if(k = 'boolean')`,
    ...numberFacts('n', 'ignored'),
    ...momentFacts('m'),
  });
  return new Map(names.map((name, i) => [name, { facts: rows[i]!, sample: 'any' }]));
}

function jsonType(columns: readonly Sampled[]): string | undefined {
  const facts = combined(columns.map((column) => column.facts));
  if (columns.length === 0) return 'JSON';
  if (facts.booleans === facts.values) return 'BOOLEAN';
  if (facts.strings === facts.values) return momentType(facts) ?? 'VARCHAR';
  return facts.numbers === facts.values ? simpleNumberType(facts) : 'JSON';
}

async function widerType(
  { session, pins, files }: Omit<Reading, 'file'> & { readonly files: readonly SampledFile[] },
  name: string,
  columns: readonly Sampled[],
): Promise<string | undefined> {
  const writing = pins.format === 'csv' ? 'counts' : 'ignored';
  const all: Widths[] = [];
  for (const { file } of files) {
    const expressions = Object.entries(widths(ident(name), writing)).map(([key, sql]) => `${sql} AS ${ident(key)}`);
    const from = textRows(pins, file, [{ name, type: 'VARCHAR' }]);
    const [row] = await session.rows(`SELECT ${expressions.join(', ')} FROM ${from}`, [file.path]);
    const count = (key: keyof Widths): number => Number(row?.[key]);
    all.push({
      integers: count('integers'),
      longest: count('longest'),
      decimals: count('decimals'),
      whole: count('whole'),
      scale: count('scale'),
      leastScale: count('leastScale'),
      padded: count('padded'),
    });
  }
  return wideNumberType(combined(columns.map(({ facts }) => facts)), combinedWidths(all));
}

/**
 * Returns the facts of each column.
 *
 * @param from has a row for each value, with its column's index `i`
 */
async function countFacts(
  session: SourceSession,
  file: SourceFile,
  from: string,
  columns: number,
  expressions: Readonly<Record<string, string>>,
): Promise<Facts[]> {
  const select = Object.entries(expressions).map(([name, sql]) => `${sql} AS ${ident(name)}`);
  const rows = await session.rows(`SELECT i, ${select.join(', ')} FROM ${from} GROUP BY i`, [file.path]);
  const facts = Array.from({ length: columns }, (): Record<string, number> => ({ values: 0 }));
  for (const { i, ...counts } of rows)
    for (const [name, count] of Object.entries(counts)) facts[Number(i)]![name] = Number(count);
  return facts as unknown as Facts[];
}
