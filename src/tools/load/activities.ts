/** The steps of `load_dataset` as activities. @module */
import { step } from '../../activity/step.js';
import type { StepContext } from '../../task/step-context.js';
import type { ToolsConfig } from '../config.js';
import { hidingPaths } from '../hide-paths.js';
import { removeDownloads } from '../remote/download.js';
import type { ChunkCounts, LoadActivities, LoadArguments, LoadPlan, LoadTarget } from './types.js';
import { recheckFiles } from '../source/inspect.js';
import { inspect } from './inspect.js';
import { loadChunks, type Reached } from './load-chunks.js';
import { withTarget } from './with-target.js';
import { verify } from './verify.js';
import { checkExpected, hasCompleted } from './workflow-state.js';

/** @param config the files and databases the steps may access; it stays in the worker */
export function loadActivities(config: ToolsConfig): LoadActivities {
  return {
    inspectSource: loadStep(config, async (args: LoadArguments, ctx) => await inspect(config, args, ctx)),
    createStaging: loadStep(config, async (plan: LoadPlan, ctx) => {
      // A downloaded source is checked when it is read.
      if (!plan.source.remote) await recheckFiles(config.roots, plan.source);
      await withTarget(
        { config, target: plan.target, step: 'create', ctx },
        async (target) => await target.create(plan.source.columns, checkExpected),
      );
    }),
    loadChunks: loadStep<LoadPlan, ChunkCounts, Reached>(config, async (plan, ctx) => {
      return await loadChunks(config, plan, ctx);
    }),
    verifyStaging: loadStep(config, async (plan: LoadPlan, ctx) => await verify(config, plan, ctx)),
    swapTables: loadStep(config, async (plan: LoadPlan, ctx) => {
      return await withTarget(
        { config, target: plan.target, step: 'swap', ctx },
        async (target) => await target.swap(plan.source.columns),
      );
    }),
    undoLoad: loadStep(config, async (target: LoadTarget, ctx) => {
      await removeDownloads(target.id);
      await withTarget({ config, target, step: 'undo', ctx }, async (opened) => await opened.undo());
    }),
    settleLoad: loadStep(config, async (target: LoadTarget, ctx) => {
      await removeDownloads(target.id);
      const completed = await hasCompleted();
      await withTarget(
        { config, target, step: 'settle', ctx },
        async (opened) => await (completed ? opened.settle() : opened.undo()),
      );
    }),
  };
}

/** A step whose errors do not reveal the locations of the worker's files. */
function loadStep<A, R, C = unknown>(config: ToolsConfig, work: (args: A, ctx: StepContext<C>) => Promise<R>) {
  return step(async (args: A, ctx: StepContext<C>) => await hidingPaths(config, async () => await work(args, ctx)));
}
