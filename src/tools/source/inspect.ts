/** Pins a source: its files, how to read them, and what they contain. @module */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { existingPath } from '../paths.js';
import { digestSql } from './canonical.js';
import type { DescribedFile } from './column-types.js';
import { commonColumns, describeFiles } from './describe.js';
import { findFiles } from './find.js';
import { commonFormat } from './format.js';
import type { CsvDialect, Format, SourceFile, SourcePins } from './pins.js';
import { readFileSql } from './read-sql.js';
import { SourceSession } from './session.js';

export interface SourceRequest {
  readonly source: string;
  readonly format?: Format | undefined;
  readonly header?: boolean | undefined;
}

/**
 * Detects the column types and then reads the whole source once. This finds bad rows before anything is created, and
 * yields the total for progress reports and the checksum for the final comparison. It costs one pass over the files.
 *
 * @throws ToolError naming the file, and the row and column if a value does not fit
 */
export async function inspectFiles(
  roots: readonly string[],
  request: SourceRequest,
  signal: AbortSignal,
): Promise<SourcePins> {
  const paths = await findFiles(roots, request.source);
  const format = request.format ?? commonFormat(paths);
  const session = await SourceSession.open(paths, signal);
  try {
    const stats = await Promise.all(paths.map(async (path) => ({ path, ...(await fileStats(path)) })));
    const described = await describeFiles(session, format, paths, request.header);
    const columns = await commonColumns(session, paths, described);
    const { dialects, files } = withDialects(stats, described);
    const pins = { format, columns, dialects };
    const counted: SourceFile[] = [];
    let checksum = 0n;
    for (const file of files) {
      const [digest] = await session.rows(digestSql(columns, readFileSql(pins, file)), [file.path]);
      counted.push({ ...file, rows: Number(digest?.['rows']) });
      checksum += BigInt(String(digest?.['checksum']));
    }
    const rows = counted.reduce((sum, file) => sum + file.rows, 0);
    return { ...pins, files: counted, rows, checksum: checksum.toString() };
  } finally {
    session.close();
  }
}

function withDialects(stats: readonly Omit<SourceFile, 'rows'>[], described: readonly DescribedFile[]) {
  const dialects: CsvDialect[] = [];
  const files = stats.map((file, i): SourceFile => {
    const { dialect, layout } = described[i]!;
    if (!dialect) return { ...file, rows: 0, ...(layout ? { layout } : {}) };
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
