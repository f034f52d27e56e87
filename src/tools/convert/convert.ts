/** The conversion behind `convert_file`. @module */
import { stat } from 'node:fs/promises';
import type { StepContext } from '../../task/step-context.js';
import { ToolError } from '../../tool/errors.js';
import type { ToolsConfig } from '../config.js';
import type { DuckDBLimits } from '../duckdb-limits.js';
import type { ConvertArguments, ConvertResult } from './schema.js';
import { downloadFolder, removeDownloads } from '../remote/download.js';
import { findFiles } from '../source/find.js';
import { inspectFiles, recheckFiles } from '../source/inspect.js';
import { firstRow } from '../source/infer.js';
import type { Column, Format, SourcePins } from '../source/pins.js';
import { readFileSql } from '../source/read-sql.js';
import { localSource, readySource } from '../source/remote-source.js';
import { SourceSession } from '../source/session.js';
import { typeKind } from '../source/type-kind.js';
import { fileLiteral, ident } from '../sql.js';
import { loadId } from '../target/names.js';
import { exists, inode, Parts } from './parts.js';
import { writeSql } from './write-sql.js';
import { checkReplaceable, convertTarget, refuseOwnSource } from './target.js';

export interface ConvertCheckpoint {
  /** How many source files are converted. For display only: a retry resumes from the files on disk. */
  readonly files: number;
  /** Device and inode of the complete file, recorded before publishing, so that a retry recognizes its own target. */
  readonly published?: string;
}

type Context = StepContext<ConvertCheckpoint>;

/**
 * Converts each source file into a part, then combines the parts into the target. After a crash, complete parts are
 * reused. A single file has no parts, so its conversion starts over: nothing can be appended to a Parquet file.
 */
export async function convert(config: ToolsConfig, args: ConvertArguments, ctx: Context): Promise<ConvertResult> {
  const target = await convertTarget(config.roots, args);
  const { path, format } = target;
  const id = loadId(ctx.taskId);
  const parts = new Parts(path, id);
  const existing = await inode(path);
  // The target is this task's own if an earlier attempt linked it and died, or recorded it before cleaning up.
  const isDone = existing !== undefined && [await inode(parts.whole), ctx.lastCheckpoint?.published].includes(existing);
  // Only the first attempt fails here. Later, the target may come from an earlier attempt that is still alive or died
  // before it could report. A retry converts first, and publish() then compares the contents.
  if (existing !== undefined && !isDone && (args.overwrite || ctx.attempt === 1))
    await checkReplaceable(target, args.overwrite);
  await parts.open();
  try {
    let pins = await parts.pins();
    if (!pins) {
      // If there are pins, an earlier attempt has passed this check, and may have written the target itself.
      const { roots: within, source, remote } = await localSource(args.source, { config, id, ctx });
      if (existing !== undefined && !isDone) await refuseOwnSource(target, await findFiles(within, source, ctx.signal));
      pins = await inspectFiles(within, { ...args, source }, ctx.signal, config.duckdb);
      if (remote) pins = { ...pins, remote };
    }
    await parts.pin(pins);
    const roots = pins.remote ? [downloadFolder(id)] : config.roots;
    if (!isDone) pins = await readySource(pins, { config, id, ctx });
    if (!isDone) await make({ roots, limits: config.duckdb, pins, parts, format, overwrite: args.overwrite, ctx });
    const { size } = await stat(path);
    await parts.remove();
    await removeDownloads(id);
    return { target: args.target, format, rows: pins.rows, bytes: size, files: pins.files.length };
  } catch (error) {
    // An earlier attempt was still alive, finished and removed the folder. The next attempt finds its target.
    if (ctx.attempt > 1 && !ctx.signal.aborted && !(await exists(parts.folder))) {
      throw new Error('another attempt has removed the temporary files', { cause: error });
    }
    // Keep the parts if another attempt may follow: it resumes from them.
    if (error instanceof ToolError || isCancelled(ctx.signal)) {
      await parts.remove();
      await removeDownloads(id);
    }
    throw error;
  }
}

interface Conversion {
  readonly roots: readonly string[];
  readonly limits: DuckDBLimits | undefined;
  readonly pins: SourcePins;
  readonly parts: Parts;
  /** The target's format. */
  readonly format: Format;
  readonly overwrite: boolean;
  readonly ctx: Context;
}

async function make(conversion: Conversion): Promise<void> {
  const { roots, limits, pins, parts, overwrite, ctx } = conversion;
  await recheckFiles(roots, pins);
  const session = await SourceSession.open(
    pins.files.map(({ path }) => path),
    ctx.signal,
    { folder: parts.folder, limits },
  );
  try {
    await refuseUnwritable(session, conversion);
    if (pins.files.length === 1) await makeFromFile(session, conversion);
    else await makeFromParts(session, conversion);
  } finally {
    session.close();
  }
  // A file that changed while it was read may be half old and half new.
  await recheckFiles(roots, pins);
  const published = await inode(parts.whole);
  ctx.checkpoint({ files: pins.files.length, ...(published === undefined ? {} : { published }) });
  await parts.publish(overwrite);
  ctx.progress(pins.rows, pins.rows, 'rows');
}

async function makeFromFile(session: SourceSession, { pins, parts, format, ctx }: Conversion): Promise<void> {
  const copy: Copy = {
    columns: pins.columns,
    from: readFileSql(pins, pins.files[0]!),
    format,
    rows: pins.rows,
    report: (rows) => ctx.progress(rows, pins.rows, 'rows'),
  };
  await writeOnce(parts, parts.whole, async (path) => await copyTo(path, copy, session));
}

async function makeFromParts(session: SourceSession, { pins, parts, format, ctx }: Conversion): Promise<void> {
  let rows = 0;
  for (const [i, file] of pins.files.entries()) {
    const before = rows;
    const copy: Copy = {
      columns: pins.columns,
      from: readFileSql(pins, file),
      format: 'parquet',
      rows: file.rows,
      report: (done) => ctx.progress(before + done, pins.rows, 'rows'),
    };
    await writeOnce(parts, parts.part(i), async (path) => await copyTo(path, copy, session));
    rows += file.rows;
    ctx.checkpoint({ files: i + 1 });
    ctx.progress(rows, pins.rows, 'rows');
  }
  const paths = pins.files.map((_, i) => fileLiteral(parts.part(i)));
  // Parquet lacks some types, so a part's column may have a different one.
  const typed = pins.columns.map(({ name, type }) => `${ident(name)}::${type} AS ${ident(name)}`);
  const from = `(SELECT ${typed.join(', ')} FROM read_parquet([${paths.join(', ')}], hive_partitioning = false))`;
  // Every row is reported by now.
  const copy: Copy = { columns: pins.columns, from, format, rows: pins.rows, report: () => {} };
  await writeOnce(parts, parts.whole, async (path) => await copyTo(path, copy, session));
}

/**
 * JSON has no NaN and no infinity.
 *
 * @throws ToolError naming file, row and column of the first number that JSON cannot represent
 */
async function refuseUnwritable(session: SourceSession, { pins, format }: Conversion): Promise<void> {
  if (format !== 'json' && format !== 'ndjson') return;
  const floats = pins.columns.filter(({ type }) => typeKind(type) === 'float').map(({ name }) => name);
  if (floats.length === 0) return;
  const counts = floats.map((name, i) => `count_if(NOT isfinite(${ident(name)}))::VARCHAR AS n${i}`);
  for (const file of pins.files) {
    const from = readFileSql(pins, file);
    const [row] = await session.rows(`SELECT ${counts.join(', ')} FROM ${from}`, [file.path]);
    const bad = floats.find((_, i) => row?.[`n${i}`] !== '0');
    if (bad === undefined) continue;
    const texts = `(SELECT ${ident(bad)}::VARCHAR AS ${ident(bad)} FROM ${from})`;
    const found = await firstRow(session, file, texts, bad, `regexp_matches(${ident(bad)}, 'n')`);
    throw new ToolError(
      `${found} cannot be written as JSON; write csv or parquet, or use \`types\` to make the column VARCHAR`,
    );
  }
}

/** Writes a file unless an earlier attempt has completed it. */
async function writeOnce(parts: Parts, path: string, write: (path: string) => Promise<void>): Promise<void> {
  if (!(await exists(path))) await parts.write(path, write);
}

interface Copy {
  readonly columns: readonly Column[];
  /** SQL to use in `FROM`. */
  readonly from: string;
  readonly format: Format;
  /** How many rows must be copied. */
  readonly rows: number;
  /** Receives the number of rows copied so far, as an estimate. */
  readonly report: (rows: number) => void;
}

/** @throws ToolError if the number of copied rows is not the expected one */
async function copyTo(path: string, copy: Copy, session: SourceSession): Promise<void> {
  const { columns, from, format, rows, report } = copy;
  const { sql, extra } = writeSql(columns, from, format, path);
  const timer = setInterval(() => report(Math.round(session.done * rows)), 500);
  try {
    const [result] = await session.rows(sql);
    if (Number(result?.['Count']) !== rows + extra)
      throw new ToolError('the source changed during the conversion; start a new task when the source is complete');
  } finally {
    clearInterval(timer);
  }
}

function isCancelled(signal: AbortSignal): boolean {
  return signal.aborted && (signal.reason as Error).message === 'CANCELLED';
}
