/** Pins a source: its files, how to read them, and what they contain. @module */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import type { DuckDBLimits } from '../duckdb-limits.js';
import { existingPath } from '../paths.js';
import { digestSql, textDigestSql } from './canonical.js';
import { checkChosen } from './check-chosen.js';
import type { ChosenTypes } from './chosen-types.js';
import { parseTypes } from './parse-types.js';
import type { DescribedFile } from './column-types.js';
import { checkCompressed } from './compressed.js';
import { commonNames, describeFiles } from './describe.js';
import { findFiles } from './find.js';
import { commonFormat } from './format.js';
import { hashedSql, hashedTextSql, hashKind } from './hashed-sql.js';
import { inferTypes } from './infer.js';
import { parquetTypes } from './parquet-types.js';
import { checkFilter, neededColumns, requireColumns } from './filter.js';
import type { Column, CsvDialect, Format, SourceFile, SourcePins } from './pins.js';
import { filteredSql, parquetTexts, readFileSql } from './read-sql.js';
import { RowHashes } from './row-hash.js';
import { SourceSession } from './session.js';
import { textRows } from './text-rows.js';
import type { Where } from './where.js';

export interface SourceRequest {
  readonly source: string;
  readonly format?: Format | undefined;
  readonly header?: boolean | undefined;
  /** The types of columns whose types should not be detected. */
  readonly types?: ChosenTypes | undefined;
  /** The columns to use, in this order. @default all */
  readonly columns?: readonly string[] | undefined;
  /** Which rows to use. @default all */
  readonly where?: Where | undefined;
  /** How to hash rows. @default by MD5 */
  readonly hash?: 'columns' | undefined;
}

/**
 * Detects the column types from all values, and adds up the checksum of the values as they are in the source. This finds
 * bad rows before anything is created, and yields the total for progress reports and the checksum for the final
 * comparison. It costs a few passes over the files.
 *
 * @throws ToolError naming the file, and the row and column if a value does not fit
 */
export async function inspectFiles(
  roots: readonly string[],
  request: SourceRequest,
  signal: AbortSignal,
  limits?: DuckDBLimits,
): Promise<SourcePins> {
  const types = parseTypes(request.types);
  const paths = await findFiles(roots, request.source, signal);
  const format = request.format ?? commonFormat(paths);
  const session = await SourceSession.open(paths, signal, { limits });
  try {
    const stats = await Promise.all(paths.map(async (path) => ({ path, ...(await fileStats(path)) })));
    const empty = stats.find(({ size }) => size === 0);
    if (empty) throw new ToolError(`${basename(empty.path)} is empty: it has no columns`);
    for (const path of paths) await checkCompressed(path, signal);
    const described = await describeFiles(session, format, paths, request.header);
    const names = commonNames(paths, described);
    const { dialects, files } = withDialects(stats, described);
    requireColumns('types', types.keys(), names);
    const { loaded, extra } = neededColumns(request, names);
    const needed = [...loaded, ...extra];
    const chosen = [...types.keys()].filter((name) => needed.includes(name));
    const partial = {
      format,
      dialects,
      ...(chosen.length > 0 ? { chosen } : {}),
      ...exactly(format),
      ...(request.hash ? { hash: request.hash } : {}),
    };
    const free = needed.filter((name) => !types.has(name));
    const sampled = files.map((file, i) => ({ file, columns: described[i]!.columns }));
    const found =
      format === 'parquet'
        ? await parquetTypes(session, paths, described, free)
        : await inferTypes(session, partial, sampled, free);
    const typed = (name: string): Column => ({ name, type: types.get(name) ?? found.get(name)! });
    const columns = loaded.map(typed);
    const filter = request.where?.length ? { where: request.where, extra: extra.map(typed) } : undefined;
    if (filter) await checkFilter(session, filter.where, [...columns, ...filter.extra]);
    const pins = { ...partial, columns, ...(filter ? { filter } : {}) };
    const counted: SourceFile[] = [];
    let checksum = 0n;
    let all = 0;
    for (const file of files) {
      const digest = await digestFile(session, pins, file);
      if (filter) all += await countRows(session, pins, file);
      counted.push({ ...file, rows: Number(digest.rows) });
      checksum += BigInt(digest.checksum);
    }
    const rows = counted.reduce((sum, file) => sum + file.rows, 0);
    return {
      ...pins,
      files: counted,
      ...(filter ? { excluded: all - rows } : {}),
      rows,
      checksum: checksum.toString(),
    };
  } finally {
    session.close();
  }
}

/** Reads the whole file: checks the values of chosen columns, then counts the rows and adds up their checksums. */
async function digestFile(
  session: SourceSession,
  pins: Omit<SourcePins, 'files' | 'rows' | 'checksum'>,
  file: SourceFile,
): Promise<{ rows: string; checksum: string }> {
  const { columns, chosen = [] } = pins;
  const needed = [...columns, ...(pins.filter?.extra ?? [])];
  const every = pins.exact ? textRows(pins, file, needed) : parquetTexts(file, chosen);
  await checkChosen(
    session,
    file,
    every,
    needed.filter(({ name }) => chosen.includes(name)),
  );
  const texts = pins.exact ? filteredSql(pins, every) : every;
  if (pins.hash) {
    const hashes = new RowHashes(columns.map((column) => hashKind(column, pins.exact === true)));
    const hashed = pins.exact ? hashedTextSql(columns, chosen, texts) : hashedSql(columns, readFileSql(pins, file));
    await session.scan(hashed, [file.path], async (data) => await hashes.add(data));
    return { rows: String(hashes.rows), checksum: hashes.checksum };
  }
  const sql = pins.exact ? textDigestSql(columns, chosen, texts) : digestSql(columns, readFileSql(pins, file));
  const [digest] = await session.rows(sql, [file.path]);
  return { rows: String(digest?.['rows']), checksum: String(digest?.['checksum']) };
}

async function countRows(
  session: SourceSession,
  pins: Omit<SourcePins, 'files' | 'rows' | 'checksum'>,
  file: SourceFile,
): Promise<number> {
  const { filter: _, ...unfiltered } = pins;
  const rows = readFileSql({ ...unfiltered, columns: pins.columns.slice(0, 1) }, file);
  const [counted] = await session.rows(`SELECT count(*)::VARCHAR AS n FROM ${rows}`, [file.path]);
  return Number(counted?.['n']);
}

/** Parquet files have their own types, so there is no text to compare with. */
function exactly(format: Format): { exact?: true } {
  return format === 'parquet' ? {} : { exact: true };
}

function withDialects(stats: readonly Omit<SourceFile, 'rows'>[], described: readonly DescribedFile[]) {
  const dialects: CsvDialect[] = [];
  const files = stats.map((file, i): SourceFile => {
    const { dialect, layout, plainNumbers } = described[i]!;
    if (!dialect) return { ...file, rows: 0, ...(layout ? { layout } : {}), ...(plainNumbers ? { plainNumbers } : {}) };
    const text = JSON.stringify(dialect);
    const known = dialects.findIndex((other) => JSON.stringify(other) === text);
    return { ...file, rows: 0, dialect: known < 0 ? dialects.push(dialect) - 1 : known };
  });
  return { dialects, files };
}

/**
 * Checks, at every attempt, that the source is unchanged since it was pinned and is still inside the roots.
 *
 * @throws ToolError naming the file that has changed, is missing or is outside the roots
 */
export async function recheckFiles(roots: readonly string[], pins: SourcePins): Promise<void> {
  for (const file of pins.files) {
    const real = await existingPath(roots, file.path, basename(file.path));
    const now = await fileStats(real);
    if (real === file.path && now.size === file.size && now.mtimeMs === file.mtimeMs) continue;
    throw new ToolError(
      `${basename(file.path)} has changed since the task began; start a new task when the file is complete`,
    );
  }
}

async function fileStats(path: string): Promise<{ size: number; mtimeMs: number }> {
  const { size, mtimeMs } = await stat(path);
  return { size, mtimeMs };
}
