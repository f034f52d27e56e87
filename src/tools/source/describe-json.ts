/** Detects the fields of JSON files. @module */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { fileLiteral, ident, structLiteral } from '../sql.js';
import { commonType, describeSql, type DescribedFile } from './column-types.js';
import type { Column, Format, JsonLayout } from './pins.js';
import type { SourceSession } from './session.js';

/**
 * Describes all files together and reads every row: a field that first appears late needs a column too, because DuckDB
 * silently drops fields that are not among the fixed columns.
 */
export async function describeJson(
  session: SourceSession,
  format: Format,
  paths: readonly string[],
): Promise<DescribedFile[]> {
  const layouts = await Promise.all(
    paths.map(async (path) => (format === 'ndjson' ? 'newline_delimited' : await jsonLayout(path))),
  );
  const merged: Column[] = [];
  for (const layout of new Set(layouts)) {
    const files = paths.filter((_, i) => layouts[i] === layout);
    const source = { files, layout };
    const sql = `SELECT * FROM ${readJsonSql(source, everyField(source))}`;
    const columns = await describeSql(session, sql, files).catch((error: unknown) => {
      const notRecords = error instanceof ToolError && error.message.includes('non-record JSON');
      throw notRecords ? new ToolError(`${named(files)}: every row must be a JSON object with fields`) : error;
    });
    await refuseRenamed(session, source, columns);
    for (const column of columns) {
      const known = merged.findIndex(({ name }) => name === column.name);
      if (known < 0) merged.push(column);
      else merged[known] = { name: column.name, type: await commonType(session, [merged[known]!.type, column.type]) };
    }
  }
  return layouts.map((layout) => ({ columns: merged, layout }));
}

interface JsonSource {
  readonly files: readonly string[];
  readonly layout: JsonLayout;
}

function readJsonSql({ files, layout }: JsonSource, options: string): string {
  return `read_json([${files.map(fileLiteral).join(', ')}], format = '${layout}', records = true, ${options}, hive_partitioning = false)`;
}

/** Returns the options that find every field of every row. */
function everyField({ files }: JsonSource): string {
  // Unless the MAP threshold is -1, objects with many different fields become a single column of type MAP.
  return `union_by_name = true, sample_size = -1, map_inference_threshold = -1, maximum_sample_files = ${files.length}`;
}

/** Names that DuckDB may have made up: `A_1` for `A` if there is also an `a`, and `C0` for an empty name. */
const MAYBE_RENAMED = /^(?:C\d+|(.+)_\d+)$/i;

/**
 * Rejects fields that DuckDB renamed. With fixed columns, DuckDB looks for a field with the made-up name, finds none
 * and returns NULL.
 *
 * @throws ToolError if reading a column by its name finds fewer values than the column has
 */
async function refuseRenamed(session: SourceSession, source: JsonSource, columns: readonly Column[]): Promise<void> {
  const { files } = source;
  const suspects = columns.map(({ name }) => name).filter((name) => MAYBE_RENAMED.test(name));
  if (suspects.length === 0) return;
  const counts = suspects.map((name, i) => `count(${ident(name)})::BIGINT AS n${i}`).join(', ');
  const pinned = `columns = ${structLiteral(suspects.map((name) => [name, 'JSON']))}`;
  const [sniffed] = await session.rows(`SELECT ${counts} FROM ${readJsonSql(source, everyField(source))}`, files);
  const [found] = await session.rows(`SELECT ${counts} FROM ${readJsonSql(source, pinned)}`, files);
  const lost = suspects.find((_, i) => Number(found?.[`n${i}`]) < Number(sniffed?.[`n${i}`]));
  if (lost === undefined) return;
  const base = MAYBE_RENAMED.exec(lost)?.[1];
  if (base === undefined)
    throw new ToolError(`${named(files)}: a field has an empty name (""), which is not a valid column name`);
  throw new ToolError(
    `${named(files)}: two field names differ from "${base}" only in upper and lower case; rename one of them`,
  );
}

/** Names the files in an error: all of them if they are few. */
function named(files: readonly string[]): string {
  const names = files.slice(0, 3).map((path) => basename(path));
  return files.length > names.length ? `${names.join(', ')} and ${files.length - names.length} more` : names.join(', ');
}

async function jsonLayout(path: string): Promise<JsonLayout> {
  if (/\.(gz|zst)$/i.test(path)) return 'auto';
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(4096), position: 0 });
    return buffer.toString('utf8', 0, bytesRead).trimStart().startsWith('[') ? 'array' : 'unstructured';
  } finally {
    await handle.close();
  }
}
