/** The steps of `load_dataset` as activities. @module */
import { step } from '../../activity/step.js';
import type { StepContext } from '../../task/step-context.js';
import type { ToolsConfig } from '../config.js';
import type { LoadActivities, LoadArguments, LoadPlan, LoadTarget } from './types.js';
import { recheckFiles } from '../source/inspect.js';
import { inspect } from './inspect.js';
import { loadChunks, type Reached } from './load-chunks.js';
import { withTarget } from './with-target.js';
import { verify } from './verify.js';

/** @param config the files and databases the steps may access; it stays in the worker */
export function loadActivities(config: ToolsConfig): LoadActivities {
  return {
    inspectSource: step(async (args: LoadArguments, ctx) => await inspect(config, args, ctx)),
    createStaging: step(async (plan: LoadPlan, ctx) => {
      await recheckFiles(config.roots, plan.source);
      await withTarget(
        { config, target: plan.target, step: 'create', ctx },
        async (target) => await target.create(plan.source.columns),
      );
    }),
    loadChunks: step(async (plan: LoadPlan, ctx: StepContext<Reached>) => await loadChunks(config, plan, ctx)),
    verifyStaging: step(async (plan: LoadPlan, ctx) => await verify(config, plan, ctx)),
    swapTables: step(async (plan: LoadPlan, ctx) => {
      await withTarget(
        { config, target: plan.target, step: 'swap', ctx },
        async (target) => await target.swap(plan.source.columns),
      );
    }),
    undoLoad: step(async (target: LoadTarget, ctx) => {
      await withTarget({ config, target, step: 'undo', ctx }, async (opened) => await opened.undo());
    }),
    settleLoad: step(async (target: LoadTarget, ctx) => {
      await withTarget({ config, target, step: 'settle', ctx }, async (opened) => await opened.settle());
    }),
  };
}
