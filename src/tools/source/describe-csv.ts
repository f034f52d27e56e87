/** Detects the dialect and columns of a CSV file. @module */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import { ToolError } from '../../tool/errors.js';
import { fileLiteral, literal, structLiteral } from '../sql.js';
import { refuseDuplicates, type DescribedFile } from './column-types.js';
import type { Column, CsvDialect } from './pins.js';
import type { SourceSession } from './session.js';
import { csvOptions } from './text-rows.js';

export async function sniffCsv(
  session: SourceSession,
  path: string,
  header: boolean | undefined,
): Promise<DescribedFile> {
  const leading = await leadingComments(session, path);
  // Without `ignore_errors`, a single row that is too long or too short makes the sniffer skip the rows above it or try
  // another delimiter, which silently loses rows. The read itself is strict and names the bad row.
  const options = [
    'ignore_errors = true',
    ...(header === undefined ? [] : [`header = ${header}`]),
    // Below the column names, a row that starts with # is data.
    ...(leading === 0 ? [`comment = ''`] : []),
  ];
  const [row] = await session.rows(
    `SELECT Delimiter, Quote, Escape, NewLineDelimiter, Comment, SkipRows, HasHeader, Columns
     FROM (SELECT * REPLACE (to_json(Columns)::VARCHAR AS Columns) FROM sniff_csv(${fileLiteral(path)}, ${options.join(', ')}))`,
    [path],
  );
  if (!row) throw new ToolError(`${basename(path)} is not a CSV file`);
  const comments = option(row['Comment']) === '#' ? leading : 0;
  if (Number(row['SkipRows']) > 0 && comments === 0)
    throw new ToolError(
      `${basename(path)}: the first lines do not match the rest; remove everything above the column names`,
    );
  const columns = JSON.parse(String(row['Columns'])) as Column[];
  // The rest of the file may have quotes even if the sample has none.
  const quote = option(row['Quote']) || '"';
  const newLine = option(row['NewLineDelimiter']);
  const dialect: CsvDialect = {
    delim: option(row['Delimiter']),
    quote,
    escape: option(row['Escape']) || quote,
    newLine: ['\\n', '\\r\\n', '\\r'].includes(newLine) ? newLine : '',
    comment: '',
    skip: comments,
    header: row['HasHeader'] === true,
    columns: columns.map(({ name }) => name),
  };
  const names = await columnNames(session, path, dialect);
  const standard = dialect.quote === '"' && dialect.escape !== '"' && (await isStandard(session, path, dialect));
  return {
    columns: columns.map(({ type }, i) => ({ name: names[i]!, type })),
    dialect: { ...dialect, columns: names, ...(standard ? { escape: '"' } : {}) },
  };
}

/**
 * Returns whether the whole file can be read with doubled quotes, as in RFC 4180. If so, a backslash is an ordinary
 * character, even if the sniffer takes it for an escape. JSON in a CSV file looks like that.
 */
async function isStandard(session: SourceSession, path: string, dialect: CsvDialect): Promise<boolean> {
  const types = structLiteral(dialect.columns.map((_, i) => [`c${i}`, 'VARCHAR']));
  const options = csvOptions({ ...dialect, escape: '"' });
  try {
    await session.rows(
      `SELECT count(*) FROM read_csv(${fileLiteral(path)}, ${options.join(', ')}, columns = ${types})`,
    );
    return true;
  } catch (error) {
    if (error instanceof ToolError) return false;
    throw error;
  }
}

/**
 * Returns the names in the file's header unchanged, because the sniffer renames duplicates. A column without a name
 * gets DuckDB's generated one, such as `column0`.
 *
 * @throws ToolError if the file has no columns, or two columns with one name
 */
async function columnNames(session: SourceSession, path: string, dialect: CsvDialect): Promise<string[]> {
  const { columns, header } = dialect;
  const options = csvOptions({ ...dialect, header: false });
  const types = structLiteral(columns.map((_, i) => [`c${i}`, 'VARCHAR']));
  const [first] = await session.rows(
    `SELECT * FROM read_csv(${fileLiteral(path)}, ${options.join(', ')}, columns = ${types}, strict_mode = false, null_padding = true, parallel = false) LIMIT 1`,
    [path],
  );
  const fields = columns.map((_, i) => first?.[`c${i}`]);
  if (!first || (header && fields.every((field) => field === null)))
    throw new ToolError(`${basename(path)} is empty: it has no columns`);
  if (!header) return [...columns];
  const names = columns.map((sniffed, i) => (typeof fields[i] === 'string' && fields[i] ? fields[i] : sniffed));
  refuseDuplicates(basename(path), names, 'column');
  return names;
}

function option(value: DuckDBValue | undefined): string {
  return typeof value === 'string' && value !== '(empty)' ? value : '';
}

/** Counts the lines above the column names that start with `#`. */
async function leadingComments(session: SourceSession, path: string): Promise<number> {
  const lines = /\.(gz|zst)$/i.test(path) ? await compressedLines(session, path) : await firstLines(path);
  const first = lines.findIndex((line) => !line.startsWith('#'));
  return first < 0 ? lines.length : first;
}

async function firstLines(path: string): Promise<string[]> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(65_536), position: 0 });
    return buffer.toString('utf8', 0, bytesRead).split(/\r\n|\n|\r/);
  } finally {
    await handle.close();
  }
}

async function compressedLines(session: SourceSession, path: string): Promise<string[]> {
  const columns = `{'line': 'VARCHAR'}`;
  const lines = `read_csv(${fileLiteral(path)}, auto_detect = false, header = false, delim = ${literal('\u0001')}, quote = '', escape = '', columns = ${columns}, strict_mode = false)`;
  try {
    const rows = await session.rows(`SELECT coalesce(line, '') AS line FROM ${lines} LIMIT 1000`, [path]);
    return rows.map(({ line }) => String(line));
  } catch (error) {
    // The sniffer reads the same file and gives the better error.
    if (error instanceof ToolError) return [];
    throw error;
  }
}
