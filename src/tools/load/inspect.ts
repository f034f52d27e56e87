/** First step: pins what to load, and where. @module */
import { Buffer } from 'node:buffer';
import { ToolError, type StepContext } from '../../src/activity/index.js';
import type { ToolsConfig } from '../../src/tools/config.js';
import type { LoadArguments, LoadPlan, LoadTarget } from '../../src/tools/load/types.js';
import { inspectFiles } from '../../src/tools/source/inspect.js';
import { loadId } from '../../src/tools/target/names.js';
import { resolveTable } from '../../src/tools/target/open.js';
import { withTarget } from './session.js';

/** Checks the database before it reads the source, so that a wrong password or table is reported at once. */
export async function inspect(config: ToolsConfig, args: LoadArguments, ctx: StepContext): Promise<LoadPlan> {
  const id = loadId(ctx.taskId);
  const where = await resolveTable(config, args, id, { step: 'inspect', attempt: ctx.attempt, signal: ctx.signal });
  const target: LoadTarget = { id, database: args.database, ...where, mode: args.mode };
  await withTarget(config, target, 'inspect', ctx, async (opened) => await opened.check([]));
  const source = await inspectFiles(config.roots, args, ctx.signal);
  return fitting({ target, source, chunkRows: args.chunkRows });
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
