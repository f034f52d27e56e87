/** First step: pins what to load, and where. @module */
import { Buffer } from 'node:buffer';
import type { StepContext } from '../../task/step-context.js';
import { ToolError } from '../../tool/errors.js';
import type { ToolsConfig } from '../config.js';
import { removeDownloads } from '../remote/download.js';
import type { LoadArguments, LoadPlan, LoadTarget } from './types.js';
import { inspectFiles } from '../source/inspect.js';
import { localSource } from '../source/remote-source.js';
import { loadId } from '../target/names.js';
import { resolveTable } from '../target/open.js';
import { withTarget } from './with-target.js';

/** Checks the database before it reads the source, so that a wrong password or table is reported at once. */
export async function inspect(config: ToolsConfig, args: LoadArguments, ctx: StepContext): Promise<LoadPlan> {
  if ((args.mode === 'upsert') !== (args.key !== undefined && args.key.length > 0))
    throw new ToolError(
      args.mode === 'upsert'
        ? 'mode "upsert" needs `key`: the columns that decide which rows are the same'
        : `mode "${args.mode}" takes no \`key\`; use mode "upsert" to add rows to an existing table`,
    );
  const id = loadId(ctx.taskId);
  const where = await resolveTable(config, args, id, { step: 'inspect', attempt: ctx.attempt, signal: ctx.signal });
  const target: LoadTarget = {
    id,
    database: args.database,
    ...where,
    mode: args.mode,
    ...(args.key ? { key: args.key } : {}),
    ...(args.mode === 'replace' && args.keep ? { keep: true as const } : {}),
  };
  const hash = await withTarget({ config, target, step: 'inspect', ctx }, async (opened) => {
    await opened.check([]);
    return await opened.hash();
  });
  try {
    const { roots, source: path, remote } = await localSource(args.source, { config, id, ctx });
    const pins = await inspectFiles(roots, { ...args, source: path, hash }, ctx.signal, config.duckdb);
    const source = remote ? { ...pins, remote } : pins;
    return fitting({ target, source, chunkRows: args.chunkRows });
  } catch (error) {
    // No cleanup follows, because nothing has been created. Another attempt continues the download.
    if (error instanceof ToolError || ctx.signal.aborted) await removeDownloads(id);
    throw error;
  }
}

/**
 * Maximum size of the plan, in bytes of JSON. The plan is an argument of most steps, and Temporal's limit is 2 MB. The
 * rest is room for a payload codec's overhead.
 */
const LARGEST_PLAN = 1024 * 1024;

/**
 * Returns the plan if it is small enough.
 *
 * @throws ToolError if the plan is too large for the task's history
 */
export function fitting(plan: LoadPlan): LoadPlan {
  const size = Buffer.byteLength(JSON.stringify(plan));
  if (size <= LARGEST_PLAN) return plan;
  const { files, columns } = plan.source;
  throw new ToolError(
    `too much for one load: the source has ${files.length} files and ${columns.length} columns; load fewer files at a time, or files with fewer columns`,
  );
}
