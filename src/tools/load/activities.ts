/** The steps of `load_dataset` as activities. @module */
import { step, type StepContext } from '../../src/activity/index.js';
import type { ToolsConfig } from '../../src/tools/config.js';
import type { LoadActivities, LoadArguments, LoadPlan, LoadTarget } from '../../src/tools/load/types.js';
import { recheckFiles } from '../../src/tools/source/inspect.js';
import { inspect } from './inspect.js';
import { load, type Reached } from './load.js';
import { withTarget } from './session.js';
import { verify } from './verify.js';

/** @param config the files and databases the steps may access; it stays in the worker */
export function loadDatasetActivities(config: ToolsConfig): LoadActivities {
  return {
    inspectSource: step(async (args: LoadArguments, ctx) => await inspect(config, args, ctx)),
    createStaging: step(async (plan: LoadPlan, ctx) => {
      await recheckFiles(config.roots, plan.source);
      await withTarget(config, plan.target, 'create', ctx, async (target) => await target.create(plan.source.columns));
    }),
    loadChunks: step(async (plan: LoadPlan, ctx: StepContext<Reached>) => await load(config, plan, ctx)),
    verifyStaging: step(async (plan: LoadPlan, ctx) => await verify(config, plan, ctx)),
    swapTables: step(async (plan: LoadPlan, ctx) => {
      await withTarget(config, plan.target, 'swap', ctx, async (target) => await target.swap(plan.source.columns));
    }),
    undoLoad: step(async (target: LoadTarget, ctx) => {
      await withTarget(config, target, 'undo', ctx, async (opened) => await opened.undo());
    }),
    settleLoad: step(async (target: LoadTarget, ctx) => {
      await withTarget(config, target, 'settle', ctx, async (opened) => await opened.settle());
    }),
  };
}
