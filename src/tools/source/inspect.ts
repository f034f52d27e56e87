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
import type { CsvDialect, Format, SourceFile, SourcePins } from './pins.js';
import { parquetTexts, readFileSql } from './read-sql.js';
import { RowHashes } from './row-hash.js';
import { SourceSession } from './session.js';
import { textRows } from './text-rows.js';

export interface SourceRequest {
  readonly source: string;
  readonly format?: Format | undefined;
  readonly header?: boolean | undefined;
  /** The types of columns whose types should not be detected. */
  readonly types?: ChosenTypes | undefined;
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
    const chosen = chosenNames(names, types);
    const partial = {
      format,
      dialects,
      ...(chosen.length > 0 ? { chosen } : {}),
      ...exactly(format),
      ...(request.hash ? { hash: request.hash } : {}),
    };
    const free = names.filter((name) => !types.has(name));
    const sampled = files.map((file, i) => ({ file, columns: described[i]!.columns }));
    const found =
      format === 'parquet'
        ? await parquetTypes(session, paths, described, free)
        : await inferTypes(session, partial, sampled, free);
    const columns = names.map((name) => ({ name, type: types.get(name) ?? found.get(name)! }));
    const counted: SourceFile[] = [];
    let checksum = 0n;
    for (const file of files) {
      const digest = await digestFile(session, { ...partial, columns }, file);
      counted.push({ ...file, rows: Number(digest.rows) });
      checksum += BigInt(digest.checksum);
    }
    const rows = counted.reduce((sum, file) => sum + file.rows, 0);
    return { ...partial, columns, files: counted, rows, checksum: checksum.toString() };
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
  const texts = pins.exact ? textRows(pins, file, columns) : parquetTexts(file, chosen);
  await checkChosen(
    session,
    file,
    texts,
    columns.filter(({ name }) => chosen.includes(name)),
  );
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

/** Parquet files have their own types, so there is no text to compare with. */
function exactly(format: Format): { exact?: true } {
  return format === 'parquet' ? {} : { exact: true };
}

/** @throws ToolError if a type is chosen for a column that does not exist */
function chosenNames(names: readonly string[], types: ReadonlyMap<string, string>): string[] {
  const unknown = [...types.keys()].find((name) => !names.includes(name));
  if (unknown === undefined) return [...types.keys()];
  const some = names.slice(0, 20).map((name) => `"${name}"`);
  throw new ToolError(
    `types: there is no column "${unknown}"; the columns are: ${some.join(', ')}${names.length > some.length ? ', …' : ''}`,
  );
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
