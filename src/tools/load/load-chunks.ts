/** Third step: loads the rows, in chunks. @module */
import type { StepContext } from '../../task/step-context.js';
import type { ToolsConfig } from '../config.js';
import type { ChunkCounts, LoadPlan } from './types.js';
import { chunksOf, type Chunk } from '../source/chunks.js';
import { removeDownloads } from '../remote/download.js';
import type { RowBatch, RowReader } from '../source/reader.js';
import { canJump, readFileSql } from '../source/read-sql.js';
import { readySource } from '../source/remote-source.js';
import { SourceSession } from '../source/session.js';
import type { Target } from '../target/target.js';
import { withTarget } from './with-target.js';
import { checkExpected } from './workflow-state.js';

/** The current chunk. For display only: the ledger determines where a retry resumes. */
export interface Reached {
  readonly chunk: number;
  readonly of: number;
}

/** Loads the chunks missing from the ledger. The ledger is in the target database, so the two never disagree. */
export async function loadChunks(
  config: ToolsConfig,
  given: LoadPlan,
  ctx: StepContext<Reached>,
): Promise<ChunkCounts> {
  const plan = { ...given, source: await readySource(given.source, { config, id: given.target.id, ctx }) };
  const counts = await withTarget({ config, target: plan.target, step: 'load', ctx }, async (target) => {
    const source = await SourceSession.open(
      plan.source.files.map(({ path }) => path),
      ctx.signal,
      { limits: config.duckdb },
    );
    try {
      // They are missing if an operator has reset the load to a time before its cleanup.
      await target.create(plan.source.columns, checkExpected);
      await loadMissing(plan, source, target, ctx);
    } finally {
      source.close();
    }
    return { ...(await target.counts()), attempts: ctx.attempt };
  });
  // No other step reads the source.
  await removeDownloads(plan.target.id);
  return counts;
}

async function loadMissing(
  plan: LoadPlan,
  source: SourceSession,
  target: Target,
  ctx: StepContext<Reached>,
): Promise<void> {
  const chunks = chunksOf(plan.source, plan.chunkRows);
  const committed = await target.committed();
  let rows = 0;
  const done = (more: number): void => {
    rows += more;
    ctx.progress(rows, plan.source.rows, 'rows');
  };
  done(chunks.reduce((sum, chunk) => sum + (committed.has(chunk.number) ? chunk.rows : 0), 0));
  for (const file of plan.source.files.keys()) {
    const ofFile = chunks.filter((chunk) => chunk.file === file);
    const first = ofFile.findIndex((chunk) => !committed.has(chunk.number));
    if (first < 0) continue;
    const from = canJump(plan.source) ? ofFile[first]!.from : 0;
    const reader = await openReader(plan, source, target, { file, from });
    try {
      await reader.skip(ofFile[first]!.from - from);
      for (const chunk of ofFile.slice(first)) {
        ctx.signal.throwIfAborted();
        if (committed.has(chunk.number)) {
          await reader.skip(chunk.rows);
          continue;
        }
        ctx.checkpoint({ chunk: chunk.number, of: chunks.length });
        const read = await target.load(chunk, ctx.attempt, counted(reader.take(chunk.rows), done));
        if (read) continue;
        await reader.skip(chunk.rows);
        done(chunk.rows);
      }
    } finally {
      await reader.close();
    }
  }
}

/** @param start the first row to read, counted from 0; must be 0 unless {@link canJump} */
async function openReader(
  plan: LoadPlan,
  source: SourceSession,
  target: Target,
  start: Pick<Chunk, 'file' | 'from'>,
): Promise<RowReader> {
  const file = plan.source.files[start.file]!;
  const rows = readFileSql(plan.source, file, start.from);
  return await source.read(`SELECT ${target.selectList(plan.source.columns)} FROM ${rows}`, [file.path]);
}

async function* counted(batches: AsyncIterable<RowBatch>, done: (rows: number) => void): AsyncGenerator<RowBatch> {
  for await (const batch of batches) {
    yield batch;
    done(batch.to - batch.from);
  }
}
