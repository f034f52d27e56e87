/** Detects the dialect and columns of a CSV file. @module */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import { ToolError } from '../../tool/errors.js';
import { fileLiteral } from '../sql.js';
import type { DescribedFile } from './column-types.js';
import type { Column, CsvDialect } from './pins.js';
import type { SourceSession } from './session.js';

export async function sniffCsv(
  session: SourceSession,
  path: string,
  header: boolean | undefined,
): Promise<DescribedFile> {
  // Without `ignore_errors`, a single row that is too long or too short makes the sniffer skip the rows above it or try
  // another delimiter, which silently loses rows. The read itself is strict and names the bad row.
  const options = `, ignore_errors = true${header === undefined ? '' : `, header = ${header}`}`;
  const [row] = await session.rows(
    `SELECT Delimiter, Quote, Escape, NewLineDelimiter, Comment, SkipRows, HasHeader, Columns, DateFormat, TimestampFormat
     FROM (SELECT * REPLACE (to_json(Columns)::VARCHAR AS Columns) FROM sniff_csv(${fileLiteral(path)}${options}))`,
    [path],
  );
  if (!row) throw new ToolError(`${basename(path)} is not a CSV file`);
  if (Number(row['SkipRows']) > 0)
    throw new ToolError(
      `${basename(path)}: the first lines do not match the rest; remove everything above the column names`,
    );
  const columns = JSON.parse(String(row['Columns'])) as Column[];
  // The rest of the file may have quotes even if the sample has none.
  const quote = option(row['Quote']) || '"';
  const dateFormat = option(row['DateFormat']);
  const timestampFormat = option(row['TimestampFormat']);
  const newLine = option(row['NewLineDelimiter']);
  const dialect: CsvDialect = {
    delim: option(row['Delimiter']),
    quote,
    escape: option(row['Escape']) || quote,
    newLine: ['\\n', '\\r\\n', '\\r'].includes(newLine) ? newLine : '',
    comment: option(row['Comment']),
    skip: await leadingComments(path, option(row['Comment'])),
    header: row['HasHeader'] === true,
    ...(dateFormat ? { dateFormat } : {}),
    ...(timestampFormat ? { timestampFormat } : {}),
    columns: columns.map(({ name }) => name),
  };
  return { columns, dialect };
}

function option(value: DuckDBValue | undefined): string {
  return typeof value === 'string' && value !== '(empty)' ? value : '';
}

/** Counts leading comment lines. DuckDB skips them by itself but includes them in the row number of an error. */
async function leadingComments(path: string, comment: string): Promise<number> {
  if (comment === '' || /\.(gz|zst)$/i.test(path)) return 0;
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(65_536), position: 0 });
    const lines = buffer.toString('utf8', 0, bytesRead).split(/\r\n|\n|\r/);
    return Math.max(
      0,
      lines.findIndex((line) => !line.startsWith(comment)),
    );
  } finally {
    await handle.close();
  }
}
