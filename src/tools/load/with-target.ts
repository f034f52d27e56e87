/** Gives a step a database connection that is closed however the step ends. @module */
import type { StepContext } from '../../src/activity/index.js';
import type { ToolsConfig } from '../../src/tools/config.js';
import type { LoadTarget } from '../../src/tools/load/types.js';
import { openTarget } from '../../src/tools/target/open.js';
import type { Target } from '../../src/tools/target/target.js';

export async function withTarget<T>(
  config: ToolsConfig,
  target: LoadTarget,
  step: string,
  ctx: StepContext,
  work: (opened: Target) => Promise<T>,
): Promise<T> {
  const opened = await openTarget(config, target, { step, attempt: ctx.attempt, signal: ctx.signal });
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}
